/** `fetch` and `sendBeacon` of a page: what of its requests outlives it, and how much of that the browser allows. */

import type { Machine } from '../machine.ts'
import type { PageSignal } from './signal.ts'

/** Source: Fetch standard, section 4.6. */
const KEEPALIVE_BUDGET_BYTES = 64 * 1024

/** The `RequestInit` that the SDK gives. */
interface PageRequest {
  method: string
  body: string | Uint8Array
  keepalive: boolean
  signal?: PageSignal
}

/** Options of {@link createPageNetwork}. */
export interface PageNetworkOptions {
  page: Machine
  /** The browser's own process, which outlives its pages. */
  browser: () => Machine
  isOnline: () => boolean
}

/** The network as one page has it. */
export function createPageNetwork({ page, browser, isOnline }: PageNetworkOptions) {
  let keptBytes = 0

  function start(url: string, body: string | Uint8Array, isKept: boolean, signal?: PageSignal) {
    const controller = new AbortController()
    signal?.onAbort(() => controller.abort(new DOMException('timed out', 'TimeoutError')))
    const contentType = typeof body === 'string' ? 'text/plain;charset=UTF-8' : 'text/plain'
    const machine = isKept ? browser() : page
    const answered = machine.fetch(url, {
      method: 'POST',
      body: body as BodyInit,
      headers: { 'content-type': contentType, origin: 'https://shop.example' },
      signal: controller.signal,
    })
    return isKept ? Promise.race([answered, failAtCrash(machine)]) : answered
  }

  /** Room for a request that outlives the page is given back when it is answered. */
  async function keep<T>(bytes: number, send: () => Promise<T>): Promise<T> {
    keptBytes += bytes
    try {
      return await send()
    } finally {
      keptBytes -= bytes
    }
  }

  return {
    fetch(url: string, { body, keepalive, signal }: PageRequest): Promise<unknown> {
      const bytes = Buffer.byteLength(body)
      const isTooMuch = keepalive && keptBytes + bytes > KEEPALIVE_BUDGET_BYTES
      if (!isOnline() || isTooMuch) return Promise.reject(new TypeError('Failed to fetch'))
      const send = () => start(url, body, keepalive, signal)
      const answered = keepalive ? keep(bytes, send) : send()
      // The dead hear nothing.
      return new Promise((resolve, reject) => {
        answered.then(
          (answer) => page.process.isDead() || resolve(answer),
          (cause) => page.process.isDead() || reject(cause),
        )
      })
    },
    sendBeacon(url: string, body: string): boolean {
      const bytes = Buffer.byteLength(body)
      if (keptBytes + bytes > KEEPALIVE_BUDGET_BYTES) return false
      // Whatever becomes of it, nobody is told.
      if (isOnline()) keep(bytes, () => start(url, body, true)).catch(() => {})
      return true
    },
  }
}

/** A page hears of the end of the process that has its requests, and all that it hears is that they failed. */
function failAtCrash({ process }: Machine): Promise<never> {
  return new Promise((_, reject) => {
    process.onCrash(() => reject(new TypeError('Failed to fetch')))
  })
}
