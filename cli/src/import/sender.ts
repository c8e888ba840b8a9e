/** The sending side of an import: the SDK with an importer's settings, and what it tells in an importer's terms. */

import {
  createMillrace,
  type EventOutcome,
  type FetchLike,
  type MillraceFailure,
  type RetryNotice,
} from '@millrace/node'
import type { Outcome } from './books.ts'
import type { ImportEvent } from './format.ts'

/** Events in a batch: about 280 KB of page views, well under the wire's limit of 500 KB. */
const BATCH_EVENTS = 400

/**
 * Memory for events that wait, in bytes: several batches, so that the collector never waits for the file, and no more,
 * because what is in it is read again after a crash.
 */
const MAX_QUEUE_BYTES = 4 * 1024 * 1024

/** Longest wait for one answer in milliseconds: a batch of history is bigger than what a server sends as it happens. */
const REQUEST_TIMEOUT_MS = 30_000

/** Attempts without a sensible answer, when nothing was ever acknowledged, after which nobody is thought to be there. */
const ATTEMPTS_UNTIL_UNREACHABLE = 3

/** After which attempt of a batch a person is told that the import waits. */
const ATTEMPTS_UNTIL_NOTICE = 3

/** Why an import cannot go on. */
export interface Failure {
  reason: 'refused' | 'undelivered' | 'unreachable'
  /** One sentence, with the collector's own words where there are any. */
  message: string
  status?: number | undefined
  /** The collector's code, for example `unknown_write_key`. */
  collectorCode?: string | undefined
}

/** Options of {@link createSender}. */
export interface SenderOptions {
  endpoint: string
  secretKey: string
  /** Name of the source that the key is meant to be of. */
  source: string
  /** Called once, when it makes no sense to go on. */
  onFailure: (failure: Failure) => void
  /** Called with a sentence when the collector keeps the import waiting. */
  onNotice: (message: string) => void
  fetch?: FetchLike | undefined
  random?: (() => number) | undefined
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: (() => number) | undefined
  /** Default: the global `setTimeout`. */
  setTimeout?: ((callback: () => void, delayMs: number) => unknown) | undefined
}

/** Sends events. */
export interface Sender {
  /** Resolves when there is room for one more event, or there is no point in waiting. */
  ready(): Promise<void>
  /** `onSettled` is called once, with what became of the event. */
  send(event: ImportEvent, onSettled: (outcome: Outcome) => void): void
  /** Resolves when all that was sent is settled. */
  settled(): Promise<void>
  /** Gives up what is not acknowledged within `graceMs`. */
  cut(graceMs: number): void
  /** Resolves when every event was acknowledged or given up. */
  finish(): Promise<void>
}

/** What all six calls have in common; that the fields fit the type is the format's business. */
type EventCall = (
  fields: ImportEvent['fields'],
  done: (error: MillraceFailure | undefined, outcome: EventOutcome) => void,
) => boolean

/** @throws TypeError or RangeError as `createMillrace` does. */
export function createSender({ onFailure, onNotice, ...options }: SenderOptions): Sender {
  const client = createMillrace({
    ...options,
    flushAt: BATCH_EVENTS,
    maxQueueBytes: MAX_QUEUE_BYTES,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    // The import waits for everything itself, and has its own word on interruptions.
    flushOnExit: false,
  })
  let hasFailed = false
  client.on('retry', (notice) => (isNobodyThere(notice) ? fail('unreachable', notice) : tellOfWait(notice)))
  client.on('error', (error) => {
    // Counted event by event; only these two mean that the next batch will fare no better.
    if (error.code === 'refused' || error.code === 'undelivered') fail(error.code, error)
  })

  function fail(
    reason: Failure['reason'],
    why: { message: string; status?: number; collectorCode?: string },
  ): void {
    if (hasFailed) return
    hasFailed = true
    const { message, status, collectorCode } = why
    onFailure({ reason, message, status, collectorCode })
  }

  function isNobodyThere({ attempt, status }: RetryNotice): boolean {
    const { accepted, pending } = client.stats()
    const isAnswer = status !== undefined && status >= 300
    return accepted === pending && !isAnswer && attempt >= ATTEMPTS_UNTIL_UNREACHABLE
  }

  function tellOfWait({ attempt, delayMs, message }: RetryNotice): void {
    if (attempt < ATTEMPTS_UNTIL_NOTICE) return
    onNotice(
      `no luck with the collector (${message}), attempt ${attempt}; next one in ${(delayMs / 1_000).toFixed(1)} s`,
    )
  }

  return {
    ready: client.ready,
    send({ type, fields }, onSettled) {
      const call = client[type] as unknown as EventCall
      call(fields, (error, outcome) => onSettled(toOutcome(outcome, error?.code)))
    },
    async settled() {
      await client.flush()
    },
    cut(graceMs) {
      // finish() waits for the same end; the result of this call is of no interest.
      void client.close({ timeoutMs: graceMs })
    },
    async finish() {
      await client.close()
    },
  }
}

/** An event that the SDK did not take is refused when the fault is its own, and undelivered otherwise. */
function toOutcome({ status, ...remark }: EventOutcome, code = 'undelivered'): Outcome {
  if (status !== 'not_accepted') return { status, reason: remark.reason }
  const isItsFault = code === 'invalid_event' || code === 'event_too_large'
  return { status: isItsFault ? 'refused' : 'undelivered', reason: code }
}
