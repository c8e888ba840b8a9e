/** Where a notification may be sent. */

import { isLoopbackHost } from '../loopback.ts'

/** Names that are of somebody's own network (RFC 6762, RFC 6761, RFC 8375, ICANN 2024), `metadata.google.internal` among them. */
const INSIDE_NAME = /(^|\.)(internal|local|localhost|localdomain|home\.arpa|onion)$/

/** Networks that are not public, by their first address and the bits of their prefix. Source: RFC 6890. */
const INSIDE_IPV4: readonly (readonly [first: string, prefixBits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
]

/**
 * Whether it is `https:` to a public host, or `http:` or `https:` to this machine by name, without a user name and password,
 * which no request could carry. Addresses of private, link-local and reserved networks are refused, whichever way they are
 * written; what a public name resolves to nobody can know here.
 */
export function isWebhookAddress(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, hostname, username, password } = new URL(value)
  if (username !== '' || password !== '') return false
  if (protocol !== 'https:' && protocol !== 'http:') return false
  if (isLoopbackHost(hostname)) return true
  return protocol === 'https:' && isPublicHost(hostname.replace(/\.$/, ''))
}

/** `hostname` as a parsed URL has it: lower case, IPv4 in four decimal parts, IPv6 compressed and in brackets. */
function isPublicHost(hostname: string): boolean {
  if (hostname.startsWith('[')) return isPublicIpv6(hostname.slice(1, -1))
  if (/^\d+\.\d+\.\d+\.\d+$/.test(hostname)) return isPublicIpv4(numberOf(hostname))
  return hostname.includes('.') && !INSIDE_NAME.test(hostname)
}

function isPublicIpv4(address: number): boolean {
  return !INSIDE_IPV4.some(([first, bits]) => {
    const size = 2 ** (32 - bits)
    return Math.floor(address / size) === Math.floor(numberOf(first) / size)
  })
}

/** 2000::/3 is all that is public (RFC 4291, section 2.4), and of that 6to4 and Teredo carry an IPv4 address, which may be any. */
function isPublicIpv6(address: string): boolean {
  const [first = 0, second = 0] = address.split(':').map((group) => Number.parseInt(group || '0', 16))
  const isGlobal = first >= 0x2000 && first <= 0x3fff
  return isGlobal && first !== 0x2002 && !(first === 0x2001 && second === 0)
}

function numberOf(ipv4: string): number {
  return ipv4.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
