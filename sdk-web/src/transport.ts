/** Posts a body to the collector by `fetch` or `sendBeacon`; what is in it and when to retry is left to others. */

import type { Answer } from './retry-policy.ts'

/** Bytes of request bodies that a page may have in flight with `keepalive`. Source: Fetch standard, section 4.6. */
export const KEEPALIVE_BUDGET_BYTES = 64 * 1024

/** A request without an answer after this time has failed; the collector answers or spills within 5 s. */
const REQUEST_TIMEOUT_MS = 15_000

/** The part of the platform's `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Pick<Response, 'status' | 'headers'>>

/** A way to the collector. */
export interface Transport {
  /** Bytes that may still be sent with `keepalive` now: the budget less what this client has in flight with it. */
  keepaliveRoom(): number
  /**
   * Posts a body; starts before it returns, never rejects.
   *
   * @param bytes size of the body
   * @param isKeepalive let the request outlive the page; by `sendBeacon` where the browser's `fetch` cannot or will
   *   not, which tells nothing of the outcome and so answers status 0
   */
  send(body: string, bytes: number, isKeepalive: boolean): Promise<Answer>
}

/**
 * Creates a transport to one URL.
 *
 * The body is a string, for which both functions send `Content-Type: text/plain;charset=UTF-8` by themselves: a
 * request that needs no CORS preflight.
 *
 * @param options.hasKeepalive whether `fetch` knows `keepalive`; one that does not ignores it and dies with the page
 */
export function createTransport(options: {
  url: string
  fetch?: Fetch
  navigator?: Pick<Navigator, 'sendBeacon'>
  hasKeepalive?: boolean
}): Transport {
  const {
    url,
    fetch = self.fetch,
    navigator = self.navigator,
    hasKeepalive = 'keepalive' in Request.prototype,
  } = options
  let keepaliveBytes = 0
  return {
    keepaliveRoom: () => KEEPALIVE_BUDGET_BYTES - keepaliveBytes,
    async send(body, bytes, keepalive) {
      const ledgerBytes = keepalive ? bytes : 0
      keepaliveBytes += ledgerBytes
      try {
        if (!keepalive || hasKeepalive) {
          // Browsers before 2022 have no such signal: there a request may take as long as it likes.
          const signal = AbortSignal.timeout?.(REQUEST_TIMEOUT_MS) ?? null
          // As a beacon has it: the id that a collector on another host of the site keeps in a cookie.
          const init = { method: 'POST', body, keepalive, signal, credentials: 'include' } as const
          const { status, headers } = await fetch(url, init)
          return { status, retryAfter: headers.get('retry-after') }
        }
      } catch {
        // No network, blocked, timed out, or the budget was spent by other scripts: a beacon may still pass.
      } finally {
        keepaliveBytes -= ledgerBytes
      }
      if (keepalive) navigator.sendBeacon?.(url, body)
      return { status: 0, retryAfter: null }
    },
  }
}
