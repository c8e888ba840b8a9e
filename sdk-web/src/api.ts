/** The public types of the browser SDK; they stand alone, so that the published declarations import nothing. */

/** Options of `createMillrace`. */
export interface MillraceOptions {
  /** Public write key of the source. */
  writeKey: string
  /**
   * Where the collector is: an absolute http(s) URL such as `https://events.example.com`, or a path on the page's own
   * origin (`/` or `/events`). `/v1/batch` is added to it.
   */
  endpoint: string
  /** Number of waiting events at which they are sent without waiting any longer; at least 1, default 20. */
  flushAt?: number
  /** Longest time an event waits for company, in milliseconds; at least 1, default 500. */
  flushIntervalMs?: number
  /** Most events that wait in memory while the collector cannot be reached; at least 1, default 1,000. */
  maxQueueEvents?: number
  /** Most bytes (UTF-16 units, roughly) that wait in memory; at least 1, default 1,000,000. */
  maxQueueBytes?: number
}

/**
 * Why the client gave an event up:
 *
 * - `invalid_call`: recording it failed, because the page has replaced a part of the browser with one that throws;
 * - `event_too_large`: over 31 KB together with what its batch shares;
 * - `queue_full`: `maxQueueEvents` or `maxQueueBytes` already waited;
 * - `refused`: the collector answered with a status that a retry does not mend.
 */
export type DropReason = 'invalid_call' | 'event_too_large' | 'queue_full' | 'refused'

/**
 * A client. No function of it ever throws or rejects.
 *
 * Objects given to it are copied during the call, as `JSON.stringify` would read them, so the caller may change them
 * afterwards. What JSON cannot hold is left out of the event (circular references, functions, getters and `toJSON`
 * that throw, nesting beyond 60 levels); a BigInt is sent as its decimal text.
 */
export interface Millrace {
  /**
   * Records that something happened.
   *
   * @param event name of what happened; the collector quarantines an event without one
   */
  track(event: string, properties?: object): void
  /**
   * Records a page view. As in Segment's API, one text is the name and two are category and name. `path`, `referrer`,
   * `search`, `title` and `url` are added to the properties where the caller gives none.
   */
  page(properties?: object): void
  page(name: string, properties?: object): void
  page(category: string, name: string, properties?: object): void
  /** Says who the visitor is (kept for later pages, and given to every later event), what is known of them, or both. */
  identify(userId: string | number, traits?: object): void
  identify(traits?: object): void
  /** Forgets who the visitor is: no user id, a new anonymous id. Events recorded before keep theirs. */
  reset(): void
  /**
   * Sends what waits, without waiting for company. Resolves when everything recorded so far was answered, or when an
   * attempt failed and the rest waits for its retry; never rejects.
   */
  flush(): Promise<void>
  /** How many events this client has given up so far, by reason; a reason that did not occur is absent. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>
}
