/** Decides who may talk to the server: programs on this machine, and no web page from elsewhere. */

import { isIP } from 'node:net'

/** Request headers as Node gives them. */
type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>

/** Whether a host name or address, brackets of IPv6 allowed, is this machine's loopback interface. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (isIP(name) === 4) return name.startsWith('127.')
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost')
}

/**
 * Why a request is refused, or `undefined` when it is welcome. There is no password here, so a page in a browser on
 * this machine must not get in: not by its own origin, not by a form or image (they carry no `Origin` on `GET`, but
 * `Sec-Fetch-Site`), and not by a name of its own that resolves to 127.0.0.1 (DNS rebinding shows in `Host`).
 */
export function findRefusal(headers: RequestHeaders): string | undefined {
  const host = headers['host']
  // Only HTTP/1.0 may omit it, and no browser speaks that.
  if (typeof host === 'string' && !isLoopback(hostNameOf(`http://${host}`))) {
    return `this server answers to loopback names such as 127.0.0.1 only, not to Host: ${host}`
  }
  const origin = headers['origin']
  if (typeof origin === 'string') {
    if (isLoopback(hostNameOf(origin))) return undefined
    return `this server takes no requests from web pages of other machines (Origin: ${origin})`
  }
  if (headers['sec-fetch-site'] === 'cross-site') {
    return 'this server takes no requests that another web site makes in a browser'
  }
  return undefined
}

function hostNameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}
