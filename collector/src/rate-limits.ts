/** Rate limits per source and per client, by the platform's rate-limit bindings. */

import ipaddr from 'ipaddr.js'

/** What is needed of a rate-limit binding. */
export interface RateLimiter {
  limit: (options: { key: string }) => Promise<{ success: boolean }>
}

/** The bindings; each may be absent. Their numbers are in `wrangler.toml`. */
export interface RateLimits {
  bySource: RateLimiter | undefined
  byClient: RateLimiter | undefined
}

/** The period of the bindings, after which a client may try again. */
export const RATE_PERIOD_SECONDS = 10

/** Which limit a request is over. */
export type OverLimit = 'source' | 'client'

/**
 * Counts a request and says which limit it is over, if any. A limiter that fails lets it pass: it protects us, and its
 * trouble is not the client's.
 *
 * @param address of the client; an IPv6 address counts as its /64, an unknown one (`undefined`) not at all, and then only
 *   the source's limit holds
 */
export async function checkRate(
  limits: RateLimits,
  source: string,
  address: string | undefined,
  log: (record: Record<string, unknown>) => void,
): Promise<OverLimit | undefined> {
  const isUnder = async (limiter: RateLimiter | undefined, key: string) => {
    if (limiter === undefined) return true
    try {
      return (await limiter.limit({ key })).success
    } catch (error) {
      log({ level: 'error', event: 'rate_limit_failed', source, error: String(error) })
      return true
    }
  }
  const { byClient, bySource } = limits
  if (byClient !== undefined && address !== undefined) {
    if (!(await isUnder(byClient, `${source} ${networkOf(address)}`))) return 'client'
  }
  return (await isUnder(bySource, source)) ? undefined : 'source'
}

/** The last 64 bits of an IPv6 address are its owner's to choose (RFC 4291, section 2.5.1), so they do not count. */
function networkOf(address: string): string {
  if (!address.includes(':') || !ipaddr.IPv6.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  const [a = 0, b = 0, c = 0, d = 0] = (parsed as ipaddr.IPv6).parts
  return new ipaddr.IPv6([a, b, c, d, 0, 0, 0, 0]).toString()
}
