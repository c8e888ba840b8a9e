/** Posts a body to the collector by `fetch` or `sendBeacon`; what is in it and when to retry is left to others. */

import type { Answer } from './retry-policy.ts'

/** Bytes of request bodies that a page may have in flight with `keepalive`. Source: Fetch standard, section 4.6. */
export const KEEPALIVE_BUDGET_BYTES = 64 * 1024

/** A request without an answer after this time has failed; the collector answers or spills within 5 s. */
const REQUEST_TIMEOUT_MS = 15_000

/** Below it, compressing takes longer than the bytes it saves take on the way. */
const MIN_GZIP_BYTES = 1_500

/** The part of the platform's `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Pick<Response, 'status' | 'headers'>>

/** A way to the collector. */
export interface Transport {
  /** Bytes that may still be sent with `keepalive` now: the budget less what this client has in flight with it. */
  room(): number
  /**
   * Posts a body, never rejects. With `keepalive` it starts before it returns, and is not compressed, which takes time
   * that a leaving page may not have.
   *
   * @param bytes size of the body
   * @param keepalive let the request outlive the page; by `sendBeacon` where the browser's `fetch` cannot or will
   *   not, which tells nothing of the outcome and so answers status -1
   */
  post(text: string, bytes: number, keepalive: boolean): Promise<Answer>
}

/** Compresses a text by the browser's `CompressionStream`, as a body that goes without a preflight. Rejects where there is none. */
export async function gzip(text: string): Promise<Blob> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Response(stream, { headers: { 'content-type': 'text/plain' } }).blob()
}

/**
 * Creates a transport to one URL.
 *
 * A body that is text goes as `text/plain;charset=UTF-8`, a compressed one as `text/plain` and without a
 * `Content-Encoding`: both need no CORS preflight. The collector tells gzip by its first bytes.
 *
 * @param hasKeepalive whether `fetch` knows `keepalive`; one that does not ignores it and dies with the page
 */
export function createTransport(
  url: string,
  fetch: Fetch,
  compress: (text: string) => Promise<Blob>,
  sendBeacon: (url: string, text: string) => boolean,
  hasKeepalive: () => boolean,
): Transport {
  let room = KEEPALIVE_BUDGET_BYTES
  return {
    room: () => room,
    async post(text, bytes, keepalive) {
      const taken = keepalive ? bytes : 0
      room -= taken
      try {
        if (!keepalive || hasKeepalive()) {
          // A browser without compression, or out of memory: as it is, then.
          const body = keepalive || bytes < MIN_GZIP_BYTES ? text : await compress(text).catch(() => text)
          const { status, headers } = await fetch(url, {
            method: 'POST',
            body,
            keepalive,
            // Browsers before 2022 have no such signal: there a request may take as long as it likes.
            signal: AbortSignal.timeout?.(REQUEST_TIMEOUT_MS) as AbortSignal,
            // As a beacon has it: the id that a collector on another host of the site keeps in a cookie.
            credentials: 'include',
          })
          return { status, wait: headers.get('retry-after') }
        }
      } catch {
        // No network, blocked, timed out, or the budget was spent by other scripts: a beacon may still pass.
      } finally {
        room += taken
      }
      try {
        if (keepalive && sendBeacon(url, text)) return { status: -1 }
      } catch {
        // No beacon either.
      }
      return { status: 0 }
    },
  }
}
