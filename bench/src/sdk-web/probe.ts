/// <reference lib="dom" />
/** What is done inside a measured page; each function is sent there by itself and so uses nothing around it. */

import type { Call } from './corpus.ts'
import type { PageSdk } from './pages/expose.ts'

/** Globals of a measured page. */
declare global {
  interface Window {
    sdk: PageSdk
    origins: { collector: string }
    calls: Call[]
  }
}

/** Evaluates the SDK's script and starts it, and takes the time of both together, in ms; fetching it is not in it. */
export async function evaluateAndStart(sdk: string): Promise<number> {
  if (!crossOriginIsolated) throw new Error('the page is not isolated: its clock is too coarse')
  const script = document.createElement('script')
  script.textContent = await (await fetch(`/sdk.js?sdk=${encodeURIComponent(sdk)}`)).text()
  const before = performance.now()
  document.head.append(script)
  const started = window.sdk.start(window.origins.collector)
  const took = performance.now() - before
  await started
  return took
}

/** Lays the calls ready, so that making them is no part of what is measured. */
export function layCalls(calls: Call[]): void {
  window.calls = calls
}

/**
 * Makes the calls that are laid ready, one after the other in a task of its own.
 *
 * @returns what the loop took, in ms, and when it began, in ms since the epoch
 */
export function makeCalls(): Promise<{ tookMs: number; at: number }> {
  return new Promise((resolve, reject) => {
    setTimeout(() => {
      const { sdk, calls } = window
      const at = Date.now()
      try {
        const before = performance.now()
        for (const [name, properties] of calls) sdk.track(name, properties)
        resolve({ tookMs: performance.now() - before, at })
      } catch (error) {
        reject(error)
      }
    })
  })
}
