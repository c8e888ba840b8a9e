/** What a connection needs of the browser. */

import type { ConnectionEffects } from './connection.ts'

/** The browser's own. Answers are never those of its cache. */
export const BROWSER_EFFECTS: ConnectionEffects = {
  openSocket: (url, protocols) =>
    new WebSocket(url, protocols) as ReturnType<ConnectionEffects['openSocket']>,
  fetch: (url, init) => fetch(url, { ...init, cache: 'no-store' }),
  now: Date.now,
  random: Math.random,
  setTimer: (run, afterMs) => setTimeout(run, afterMs),
  clearTimer: (timer) => clearTimeout(timer as number | undefined),
}
