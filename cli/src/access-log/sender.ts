/** The sending side of an import: the SDK with an importer's settings, and what its callbacks say in an importer's terms. */

import { createMillrace, type FetchLike, type RetryNotice, type ViewArguments } from '@millrace/node'

/** Events in a batch: about 280 KB of page views, well under the wire's limit of 500 KB. */
const BATCH_EVENTS = 400

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

/** What became of the page views. */
export interface SentCounts {
  /** Acknowledged by the collector without a remark. */
  accepted: number
  quarantined: number
  filtered: number
  /** Known to the collector already. */
  duplicate: number
  /** Refused by the collector, or never acknowledged. */
  dropped: number
  /** Why events were not plainly accepted (`quarantined: impossible_time`, `dropped: undelivered`), to how many. */
  remarks: Record<string, number>
}

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
}

export interface Sender {
  /** Resolves when there is room for one more event, or there is no point in waiting. */
  ready(): Promise<void>
  page(view: ViewArguments): void
  /** Gives up what is not acknowledged within `graceMs`. */
  cut(graceMs: number): void
  /** Resolves when every event was acknowledged or given up. */
  finish(): Promise<SentCounts>
}

/** @throws TypeError or RangeError as `createMillrace` does. */
export function createSender({
  endpoint,
  secretKey,
  source,
  fetch,
  random,
  onFailure,
  onNotice,
}: SenderOptions): Sender {
  const remarks: Record<string, number> = {}
  const client = createMillrace({
    endpoint,
    secretKey,
    source,
    fetch,
    random,
    flushAt: BATCH_EVENTS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    // The import waits for everything itself, and has its own word on interruptions.
    flushOnExit: false,
    onReceipt: ({ status, reason }) => remark(`${status}: ${reason}`, 1),
    onRetry: (notice) => (isNobodyThere(notice) ? fail('unreachable', notice) : tellOfWait(notice)),
    onError(error) {
      // Counted from stats() at the end; only these two mean that the next batch will fare no better.
      if (error.code === 'refused' || error.code === 'undelivered') fail(error.code, error)
    },
  })
  let hasFailed = false

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

  function remark(text: string, count: number): void {
    remarks[text] = (remarks[text] ?? 0) + count
  }

  return {
    ready: client.ready,
    page: client.page,
    cut(graceMs) {
      // finish() waits for the same end; the result of this call is of no interest.
      void client.close({ timeoutMs: graceMs })
    },
    async finish() {
      await client.close()
      const { delivered, quarantined, filtered, duplicate, dropped } = client.stats()
      for (const [code, count] of Object.entries(dropped)) if (count > 0) remark(`dropped: ${code}`, count)
      const droppedCount = Object.values(dropped).reduce((sum, count) => sum + count, 0)
      return { accepted: delivered, quarantined, filtered, duplicate, dropped: droppedCount, remarks }
    },
  }
}
