/**
 * The import of an access log: reads, counts line by line, sends, and ends early when it must. Leaves the network to the
 * SDK, what a line is to the tally, and the words to the report.
 */

import type { FetchLike } from '@millrace/node'
import { readLines } from './lines.ts'
import type { ImportReport, Stopped } from './report.ts'
import { createSender } from './sender.ts'
import type { LogSource } from './source.ts'
import { createTally } from './tally.ts'

/** Longest wait in milliseconds for what is on its way when the import is interrupted. */
const INTERRUPT_TIMEOUT_MS = 5_000

/** How far an import is. */
export interface ImportProgress {
  /** Of the file as it lies on disk. */
  bytesRead: number
  totalBytes: number | undefined
  lines: number
  pageViews: number
}

export interface ImportOptions {
  log: LogSource
  /** Name of the source that the events and the key belong to; the collector refuses the key of another. */
  source: string
  /** Address of the collector. */
  endpoint: string
  /** The source's secret key. May be empty in a dry run. */
  secretKey: string
  /** Origin that is put before each path, for example `https://example.com`. Default: events have no `url`. */
  site?: string | undefined
  /** Reads and counts, sends nothing. Default false. */
  isDryRun?: boolean | undefined
  /** Ends the import early when aborted: what is on its way gets 5 s more. */
  signal?: AbortSignal | undefined
  /** Called after each chunk of the log. */
  onProgress?: ((progress: ImportProgress) => void) | undefined
  /** Called with a sentence when the collector keeps the import waiting. */
  onNotice?: ((message: string) => void) | undefined
  /** Milliseconds, to tell how long it took. Default: `performance.now`. */
  now?: (() => number) | undefined
  /** Default: the global `fetch`. */
  fetch?: FetchLike | undefined
  /** A number in [0, 1) for the waits between retries. Default: `Math.random`. */
  random?: (() => number) | undefined
}

/**
 * Imports the page views of an access log and resolves with the books, whatever happened on the way.
 *
 * Memory is flat: the SDK's queue of 10,000 events is what is held, and reading waits for room in it. The import stops at
 * the first batch that is refused or given up, because a wrong key or address is wrong for all of them. Running it again is
 * safe at any time: the ids come from the content.
 *
 * @throws TypeError or RangeError as `createMillrace` does for a wrong endpoint, key or source, before anything is read.
 */
export async function importAccessLog(options: ImportOptions): Promise<ImportReport> {
  const { log, source, endpoint, isDryRun = false, signal, onProgress, onNotice = () => {} } = options
  const now = options.now ?? (() => performance.now())
  const startedAt = now()
  const stopping: { why?: Stopped } = {}
  const sender = isDryRun
    ? undefined
    : createSender({ ...options, onNotice, onFailure: (failure) => stop(failure) })
  const tally = createTally(options)

  function stop(why: Stopped, graceMs = 0): void {
    if (stopping.why !== undefined) return
    stopping.why = why
    log.cancel()
    sender?.cut(graceMs)
  }

  async function readAll(): Promise<void> {
    for await (const lines of readLines(log.chunks)) {
      for (const line of lines) {
        await sender?.ready()
        // A line that is not handled is not counted, so that the books of a partial import close as well.
        if (stopping.why !== undefined) return
        const view = tally.add(line)
        if (view !== undefined) sender?.page(view)
      }
      const { lines: lineCount, pageViews } = tally.counts()
      onProgress?.({ bytesRead: log.bytesRead(), totalBytes: log.totalBytes, lines: lineCount, pageViews })
    }
  }

  const onAbort = () => stop({ reason: 'interrupted', message: 'interrupted' }, INTERRUPT_TIMEOUT_MS)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  try {
    await readAll()
  } catch (error) {
    // After a stop this is only the cancelled stream; before one the file itself is at fault, and stop() takes it up.
    const message = `cannot read ${log.name}: ${error instanceof Error ? error.message : String(error)}`
    stop({ reason: 'unreadable', message }, INTERRUPT_TIMEOUT_MS)
  }
  const sent = await sender?.finish()
  signal?.removeEventListener('abort', onAbort)
  return {
    file: log.name,
    source,
    endpoint,
    isDryRun,
    ...tally.counts(),
    ...(sent !== undefined && { sent }),
    ...(stopping.why !== undefined && { stopped: stopping.why }),
    tookMs: Math.round(now() - startedAt),
  }
}
