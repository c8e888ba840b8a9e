/** The cookies of a browser, for tests only, with the rules of domains that the SDK relies on. */

import type { CookiePage } from './cookie.ts'

/** Domains of nobody, for which browsers refuse cookies. Source: the Public Suffix List, a few of it. */
const PUBLIC_SUFFIXES = ['com', 'uk', 'co.uk', 'io', 'github.io', 'localhost']

/** The cookies of one browser. */
export interface FakeCookieJar {
  /** The document of a page; one that is sandboxed throws for cookies. */
  open(url: string, isSandboxed?: boolean): CookiePage
  /** Each cookie as `<domain> <name>=<value>`; the domain begins with a dot where hosts below it get the cookie too. */
  list(): string[]
  /** What was assigned to `document.cookie`, refused or not. */
  writes: string[]
}

/** Creates a browser without cookies. */
export function createFakeCookieJar(): FakeCookieJar {
  /** By domain and name, its `name=value`. */
  const cookies = new Map<string, string>()
  const writes: string[] = []

  function write(page: URL, text: string): void {
    writes.push(text)
    const [pair = '', ...rest] = text.split('; ')
    const attributes = new Map(rest.map((one) => one.split('=', 2) as [string, string]))
    const domain = decideDomain(page.hostname, attributes.get('domain'))
    if (!domain || (attributes.has('secure') && page.protocol !== 'https:')) return
    const key = `${domain} ${pair.split('=')[0]}`
    if (Number(attributes.get('max-age')) > 0) cookies.set(key, pair)
    else cookies.delete(key)
  }
  function read({ hostname }: URL): string {
    const isSent = ([key]: [string, string]) => {
      const [domain = ''] = key.split(' ')
      return domain === hostname || (domain.startsWith('.') && `.${hostname}`.endsWith(domain))
    }
    return [...cookies]
      .filter(isSent)
      .map(([, pair]) => pair)
      .join('; ')
  }

  return {
    open(url, isSandboxed) {
      const location = new URL(url)
      const guard = () => {
        if (isSandboxed) throw new DOMException('refused', 'SecurityError')
      }
      return {
        location,
        get cookie() {
          guard()
          return read(location)
        },
        set cookie(text) {
          guard()
          write(location, text)
        },
      }
    },
    list: () => [...cookies].map(([key, pair]) => `${key.split(' ')[0]} ${pair}`),
    writes,
  }
}

/** The domain that a cookie is kept under; undefined when it is refused. */
function decideDomain(hostname: string, asked: string | undefined): string | undefined {
  const isBare = PUBLIC_SUFFIXES.includes(hostname) || /^[\d.]+$|^\[/.test(hostname)
  if (!asked || (isBare && asked === hostname)) return hostname
  if (isBare || PUBLIC_SUFFIXES.includes(asked) || !`.${hostname}`.endsWith(`.${asked}`)) return undefined
  return `.${asked}`
}
