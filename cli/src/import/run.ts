/**
 * The one machine of all imports: reads records, keeps the books, sends, notes how far it is, and ends early when it must.
 * Leaves the network to the SDK, what a record is to the format, and the words to the report.
 */

import type { FetchLike } from '@millrace/node'
import { type Counts, createBooks } from './books.ts'
import type { ImportFormat, ImportRecord } from './format.ts'
import { openNotes, type ResumeOptions } from './notes.ts'
import { openLines } from './open-lines.ts'
import type { Rejects } from './rejects.ts'
import type { ImportReport, Stopped } from './report.ts'
import { createSender } from './sender.ts'
import type { InputSource } from './source.ts'
import { createTimeSpan, type TimeSpan } from './time-span.ts'

/** Longest wait in milliseconds for what is on its way when the import is interrupted. */
const INTERRUPT_TIMEOUT_MS = 5_000

/** How far an import is. */
export interface ImportProgress {
  /** Of the file as it lies on disk, what was passed over at the start included. */
  bytesRead: number
  totalBytes: number | undefined
  /** Of all runs. */
  records: number
  events: number
}

/** Options of {@link runImport}. */
export interface ImportOptions {
  input: InputSource
  format: ImportFormat
  /** Name of the source that the events and the key belong to; the collector refuses the key of another. */
  source: string
  /** Address of the collector. */
  endpoint: string
  /** The source's secret key. May be empty in a dry run. */
  secretKey: string
  /** Reads, checks and counts, sends nothing and notes nothing. Default false. */
  isDryRun?: boolean | undefined
  /** Default: nothing is noted, and reading begins at the beginning. */
  resume?: ResumeOptions | undefined
  /** Where malformed records go; closed at the end. Default: nowhere. */
  rejects?: Rejects | undefined
  /** Ends the import early when aborted: what is on its way gets 5 s more. */
  signal?: AbortSignal | undefined
  /** Called after each chunk of the file. */
  onProgress?: ((progress: ImportProgress) => void) | undefined
  /** Called with a sentence when the collector keeps the import waiting. */
  onNotice?: ((message: string) => void) | undefined
  /** Milliseconds, to tell how long it took and when to note. Default: `performance.now`. */
  now?: (() => number) | undefined
  /** Milliseconds since the epoch. Default: `Date.now`. */
  clock?: (() => number) | undefined
  /** For the waits between retries. Default: the global `setTimeout`. */
  setTimeout?: ((callback: () => void, delayMs: number) => unknown) | undefined
  /** Default: the global `fetch`. */
  fetch?: FetchLike | undefined
  /** A number in [0, 1) for the waits between retries. Default: `Math.random`. */
  random?: (() => number) | undefined
}

/**
 * Imports a file and resolves with the books, whatever happened on the way.
 *
 * Memory is flat: the SDK's queue of 4 MB is what is held, and reading waits for room in it. The import stops at the first
 * batch that is refused or given up, because a wrong key or address is wrong for all of them. Running it again is safe at
 * any time: the ids come from the content.
 *
 * @throws TypeError or RangeError as `createMillrace` does for a wrong endpoint, key or source, before anything is read.
 */
export async function runImport(options: ImportOptions): Promise<ImportReport> {
  const { input, format, signal, onProgress, rejects, isDryRun = false } = options
  const now = options.now ?? (() => performance.now())
  const startedAt = now()
  const earlier = isDryRun ? undefined : options.resume?.earlier
  const books = createBooks(format, earlier?.counts)
  const times = createTimeSpan()
  const stopping: { why?: Stopped } = {}
  const sender = isDryRun ? undefined : openSender(options, stop)
  const notes = isDryRun
    ? undefined
    : openNotes({ ...options, now, onFailure: (error) => stop(unnoted(error)) })

  function stop(why: Stopped, graceMs = 0): void {
    if (stopping.why !== undefined) return
    stopping.why = why
    input.cancel()
    sender?.cut(graceMs)
  }

  async function readAll(): Promise<void> {
    const { firstLine, lines } = await openLines(input, earlier)
    if (firstLine === undefined) return
    notes?.begin(firstLine)
    const reader = format.begin(firstLine)
    for await (const chunk of lines) {
      await handleAll(reader.read(chunk))
      if (stopping.why !== undefined) return
      await rejects?.flush().catch((error: Error) => stop(unwritten(error)))
      const { records, events } = books.progress()
      onProgress?.({ bytesRead: input.bytesRead(), totalBytes: input.totalBytes, records, events })
    }
    await handleAll(reader.end())
  }

  async function handleAll(records: Iterable<ImportRecord>): Promise<void> {
    for (const record of records) {
      const { verdict } = record
      if (verdict.kind === 'event') await sender?.ready()
      if (notes?.isCrowded() === true) await sender?.settled()
      // A record that is not handled is not counted, so that the books of a partial import close as well.
      if (stopping.why !== undefined) return
      handle(record)
    }
  }

  function handle(record: ImportRecord): void {
    const { verdict } = record
    const entry = books.entryOf(record)
    books.add(entry)
    if (verdict.kind === 'malformed') rejects?.add(record, verdict)
    const note = notes?.add(record, entry)
    if (verdict.kind !== 'event') return
    times.add(verdict.event.fields.timestamp)
    sender?.send(verdict.event, (outcome) => {
      books.settle(outcome)
      note?.(outcome)
    })
  }

  const onAbort = () => stop({ reason: 'interrupted', message: 'interrupted' }, INTERRUPT_TIMEOUT_MS)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  try {
    await readAll()
    // A stream ends at the end of a file that was cut off meanwhile, as if it were all there is.
    const { totalBytes } = input
    if (stopping.why === undefined && totalBytes !== undefined && input.bytesRead() < totalBytes) {
      stop(unreadable(input, new Error('it became shorter while it was read')), INTERRUPT_TIMEOUT_MS)
    }
  } catch (error) {
    // After a stop this is only the cancelled stream; before one the file itself is at fault, and stop() takes it up.
    stop(unreadable(input, error), INTERRUPT_TIMEOUT_MS)
  }
  await sender?.finish()
  signal?.removeEventListener('abort', onAbort)
  await notes?.save().catch((error: Error) => stop(unnoted(error)))
  await rejects?.close().catch((error: Error) => stop(unwritten(error)))
  const tookMs = Math.round(now() - startedAt)
  return buildReport(options, books.counts(), {
    ...{ tookMs, isSent: sender !== undefined, stopped: stopping.why },
    times: times.span(),
  })
}

function buildReport(
  { input, format, source, endpoint, isDryRun = false, resume }: ImportOptions,
  { sent, ...counts }: Counts,
  {
    tookMs,
    isSent,
    stopped,
    times,
  }: { tookMs: number; isSent: boolean; stopped: Stopped | undefined; times: TimeSpan | undefined },
): ImportReport {
  const earlier = isDryRun ? undefined : resume?.earlier
  return {
    file: input.name,
    format: format.name,
    source,
    endpoint,
    isDryRun,
    ...(earlier !== undefined && {
      resumedAfterLine: earlier.position.line,
      recordsBefore: earlier.counts.records,
    }),
    ...counts,
    ...(times !== undefined && { times }),
    ...(isSent && { sent }),
    ...(stopped !== undefined && { stopped }),
    tookMs,
  }
}

function openSender(options: ImportOptions, stop: (why: Stopped) => void) {
  const { endpoint, secretKey, source, fetch, random, clock: now, setTimeout, onNotice = () => {} } = options
  const effects = { fetch, random, now, setTimeout }
  return createSender({ endpoint, secretKey, source, ...effects, onNotice, onFailure: (why) => stop(why) })
}

function unreadable({ name }: InputSource, error: unknown): Stopped {
  const message = error instanceof Error ? error.message : String(error)
  return { reason: 'unreadable', message: `cannot read ${name}: ${message}` }
}

function unnoted({ message }: Error): Stopped {
  return { reason: 'unwritten', message: `cannot write the offset file: ${message}` }
}

function unwritten({ message }: Error): Stopped {
  return { reason: 'unwritten', message: `cannot write the rejects file: ${message}` }
}
