/** Rate limits per source and per client, by the platform's rate-limit bindings. */

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
 * @param address of the client; `undefined` when it is not known, and then only the source's limit counts
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
  if (address !== undefined && !(await isUnder(limits.byClient, `${source} ${address}`))) return 'client'
  return (await isUnder(limits.bySource, source)) ? undefined : 'source'
}
