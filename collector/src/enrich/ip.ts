/** Keeps, cuts or drops IP addresses, as a source's policy says. */

import type { IpPolicy } from '@millrace/schemas'
import ipaddr from 'ipaddr.js'

/** Longest text of an address, IPv6 with an IPv4 tail. Source: `INET6_ADDRSTRLEN` of POSIX, less its zero. */
const MAX_ADDRESS_LENGTH = 45

/** First 16 bits of a 6to4 address, which has an IPv4 address in the next 32. Source: RFC 3056, section 2. */
const SIX_TO_FOUR = 0x2002

/**
 * The address after the policy, in canonical text (RFC 5952 for IPv6): whole, cut to its network (/24 of IPv4, /48 of
 * IPv6), or `undefined` when it is dropped or no address. An IPv4 address mapped into IPv6 counts as IPv4. Only the
 * usual notation is read: no octal or hexadecimal parts, ports, zones, spaces.
 */
export function applyIpPolicy(ip: string, policy: IpPolicy): string | undefined {
  if (policy === 'drop') return undefined
  const address = parse(ip)
  if (address === undefined || policy === 'keep') return address?.toString()
  return address.kind() === 'ipv4'
    ? truncate4(address as ipaddr.IPv4).toString()
    : truncate6(address as ipaddr.IPv6).toString()
}

function parse(ip: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ip.length > MAX_ADDRESS_LENGTH || ip.includes('%')) return undefined
  if (ip.includes(':')) return ipaddr.IPv6.isValid(ip) ? ipaddr.process(ip) : undefined
  return ipaddr.IPv4.isValidFourPartDecimal(ip) ? ipaddr.IPv4.parse(ip) : undefined
}

function truncate4({ octets: [a = 0, b = 0, c = 0] }: ipaddr.IPv4): ipaddr.IPv4 {
  return new ipaddr.IPv4([a, b, c, 0])
}

function truncate6({ parts: [a = 0, b = 0, c = 0] }: ipaddr.IPv6): ipaddr.IPv6 {
  // The /48 of a 6to4 address is one person's IPv4 address, so that is cut to its own /24.
  const third = a === SIX_TO_FOUR ? c & 0xff00 : c
  return new ipaddr.IPv6([a, b, third, 0, 0, 0, 0, 0])
}
