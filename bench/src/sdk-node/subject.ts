/** What every measured SDK is seen as, so that the same tasks run on each; one file of `subjects/` an SDK. */

/** How a client is made. */
export interface SubjectOptions {
  /** Base URL of the collector. */
  endpoint: string
  /** Marks every event, as user and as property. */
  run: string
  /** Folder of the spool; only Millrace has one. Default: none. */
  spool?: string
  /** When the spool is forced to the disk. Default: what the SDK does by itself. */
  fsync?: 'always' | 'interval' | 'never'
  /** Bytes of filling that each event has besides. Default 0. */
  padding?: number
}

/** A client of some SDK, with its defaults: only host and key are set. */
export interface Subject {
  /** Tracks an event with these properties. */
  track: (properties: EventProperties) => void
  /** The SDK's own `flush()`; where it has none, waits for what each call has promised. */
  flush: () => Promise<unknown>
  /** Events that the SDK told it gave up, by whatever way it has for it. */
  toldDrops: () => number
  /** Waits until what earlier processes left has been answered for, then ends; only with a spool. */
  recover?: () => Promise<unknown>
}

/** What a file of `subjects/` exports. */
export type CreateSubject = (options: SubjectOptions) => Promise<Subject> | Subject

/** Flat, as every SDK takes them. */
export type EventProperties = Record<string, string | number | boolean | null>

/** Name of every tracked event. */
export const EVENT_NAME = 'Order Completed Again'

/** Properties of an event as a shop's server has them, about 250 bytes of JSON, marked for the recorder. */
export function buildProperties({ run, padding = 0 }: SubjectOptions, i: number): EventProperties {
  return {
    run,
    i,
    orderId: `order-${i}`,
    total: 100 + (i % 900),
    currency: 'EUR',
    coupon: i % 3 === 0 ? 'SUMMER' : null,
    path: `/checkout/${i % 50}`,
    isReturning: i % 2 === 0,
    ...(padding > 0 ? { padding: buildPadding(i, padding) } : {}),
  }
}

/** Of characters of one byte each, and another text each time, so that no engine shares it. */
function buildPadding(i: number, bytes: number): string {
  return `${i}:`.repeat(Math.ceil(bytes / `${i}:`.length)).slice(0, bytes)
}

/** Counts calls that promise something: for SDKs without `flush()`. */
export interface Calls {
  /** A call was made; what it gives is to be called once it has ended, with whether it was given up. */
  begin: () => (isGivenUp: boolean) => void
  /** Resolves when none is under way. */
  settled: () => Promise<void>
  givenUpCount: () => number
}

/** Creates a count of calls. */
export function createCalls(): Calls {
  let underWay = 0
  let givenUp = 0
  let wake: (() => void) | undefined
  const end = (isGivenUp: boolean) => {
    underWay -= 1
    if (isGivenUp) givenUp += 1
    if (underWay === 0) wake?.()
  }
  return {
    begin() {
      underWay += 1
      return end
    },
    async settled() {
      if (underWay === 0) return
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    },
    givenUpCount: () => givenUp,
  }
}
