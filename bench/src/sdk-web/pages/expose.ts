/** What a measured page sees of any SDK. */

/** An SDK behind one pair of functions; the same for all, so that pages and journeys need not know which it is. */
export interface PageSdk {
  /** Starts it with its defaults; only host and key are set. Calls may follow at once, as on a customer's page. */
  start: (origin: string) => unknown
  /** One event; properties have `i` and `run`, by which the recorder knows it. */
  track: (name: string, properties: PageProperties) => unknown
}

/** Properties of a tracked event: flat, and of values that all SDKs can send. */
export type PageProperties = Record<string, string | number | boolean>

/** Puts an SDK where pages look for it: `window.sdk`. */
export function expose(sdk: PageSdk): void {
  Object.assign(globalThis, { sdk })
}
