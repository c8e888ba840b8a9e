/** Loads files of the lake into the table `events`: file by file, in inserts of many rows. Knows no address. */

import type { ReplayTransform } from '@millrace/schemas/config'
import { bytesOf, type ManifestFile, openLakeFile } from '@millrace/schemas/lake'
import type { Row } from '@millrace/schemas/native'
import type { InsertRows, RefusedRow } from './insert.ts'
import { isFileTrouble, type Lake } from './lake.ts'
import type { ReplayPosition } from './progress.ts'
import { type Range, toRows, toStorableRow } from './rows.ts'
import type { ReplayState } from './state.ts'
import { TransformFailure, transformRow } from './transform.ts'

/** What a load works with. */
export interface LoadEffects {
  lake: Lake
  insert: InsertRows
  /** Whether a row names a forgotten person. */
  isForgotten: (row: Row) => boolean
  state: Pick<ReplayState, 'has' | 'add'>
  /** Milliseconds, of a clock that never goes back. */
  now: () => number
  /** Rejects when the user interrupts. */
  sleep: (ms: number) => Promise<unknown>
  onProgress: (position: ReplayPosition) => void
  /** Told of the ids of rows that the transform left out, before their file counts as done. Default: nobody is. */
  onLeftOut?: (source: string, messageIds: readonly string[]) => Promise<void>
}

/** What is loaded. */
export interface LoadPlan {
  source: string
  files: readonly ManifestFile[]
  range: Range
  /** Most rows a second. Default: as fast as it goes. */
  rate?: number | undefined
  transform?: ReplayTransform | undefined
  /** Passes over events that the transform fails on. Default false: the first ends it. */
  skipFailed?: boolean
}

/** A file that could not be read, and why. */
export interface FailedFile {
  path: string
  why: string
}

/** What came of it. */
export interface LoadReport {
  files: number
  /** Files that an earlier run of the same replay had loaded. */
  filesBefore: number
  failedFiles: FailedFile[]
  /** Rows that ClickHouse has now. */
  rows: number
  outOfRange: number
  forgotten: number
  changed: number
  leftOut: number
  failedEvents: number
  refused: RefusedRow[]
}

/** A report of nothing. */
export function createReport(): LoadReport {
  return {
    files: 0,
    filesBefore: 0,
    failedFiles: [],
    rows: 0,
    outOfRange: 0,
    forgotten: 0,
    changed: 0,
    leftOut: 0,
    failedEvents: 0,
    refused: [],
  }
}

/** Rows of an insert, and characters of JSON text in them: whichever comes first. */
const MAX_ROWS = 20_000
const MAX_TEXT = 16_000_000

/** Files that are fetched ahead. */
const AHEAD = 4

/** How often the manifest is read again for a file that is not what it says. */
const MAX_REREADS = 3

/**
 * Loads the files in their order. A file that cannot be read is told, and the others go on. May be cut off anywhere and
 * repeated: rows replace themselves.
 *
 * @throws TransformFailure, what the lake throws when it is not one file's trouble, what the insert throws
 */
export async function loadFiles(effects: LoadEffects, plan: LoadPlan): Promise<LoadReport> {
  const { state, onProgress } = effects
  const report = createReport()
  const open = plan.files.filter((file) => !state.has(file))
  report.filesBefore = plan.files.length - open.length
  const writer = createWriter(effects, plan, report)
  let seen = 0
  for await (const { file, content } of fetchAhead(effects.lake, open)) {
    try {
      const found = content.ok
        ? { file, bytes: content.bytes }
        : await fetchAnew(effects.lake, file, content.error)
      const opened = await openLakeFile(bytesOf(found.bytes))
      for await (const batch of opened.batches()) {
        const rows = toRows(plan.source, batch, plan.range)
        report.outOfRange += batch.count - rows.length
        for (const row of rows) await writer.write(row)
        seen += batch.count
        onProgress({ rows: seen, files: report.files })
      }
      await writer.endFile(found.file)
      report.files += 1
    } catch (error) {
      if (!isFileTrouble(error)) throw error
      report.failedFiles.push({ path: file.path, why: error.message })
    }
  }
  await writer.flush()
  onProgress({ rows: seen, files: report.files })
  return report
}

type Content = { ok: true; bytes: ArrayBuffer } | { ok: false; error: unknown }

/** Files in their order, while the next are on their way. */
async function* fetchAhead(
  lake: Lake,
  files: readonly ManifestFile[],
): AsyncGenerator<{ file: ManifestFile; content: Content }> {
  const fetched: Promise<Content>[] = []
  const fetch = (file: ManifestFile) =>
    lake.readFile(file.path, file).then(
      (bytes): Content => ({ ok: true, bytes }),
      (error: unknown): Content => ({ ok: false, error }),
    )
  for (const [index, file] of files.entries()) {
    for (const next of files.slice(index + fetched.length, index + AHEAD)) fetched.push(fetch(next))
    const content = await fetched.shift()
    if (content !== undefined) yield { file, content }
  }
}

/** A file may have been replaced since the manifest was read, which then says another hash. */
async function fetchAnew(
  lake: Lake,
  file: ManifestFile,
  error: unknown,
): Promise<{ file: ManifestFile; bytes: ArrayBuffer }> {
  let failure = error
  for (let count = 0, known = file.sha256; count < MAX_REREADS && isFileTrouble(failure); count++) {
    const { files } = await lake.readManifest()
    const current = files.find(({ path }) => path === file.path)
    if (current === undefined || current.sha256 === known) break
    try {
      return { file: current, bytes: await lake.readFile(current.path, current) }
    } catch (next) {
      failure = next
      known = current.sha256
    }
  }
  throw failure
}

interface Writer {
  write: (row: Row) => Promise<void>
  /** All rows of a file were written: once they are inserted, it is done. */
  endFile: (file: ManifestFile) => Promise<void>
  flush: () => Promise<void>
}

function createWriter(effects: LoadEffects, plan: LoadPlan, report: LoadReport): Writer {
  const { insert, isForgotten, state, now, sleep, onLeftOut = async () => {} } = effects
  const { source, rate, transform, skipFailed = false } = plan
  const maxRows = rate === undefined ? MAX_ROWS : Math.max(1, Math.min(MAX_ROWS, Math.floor(rate)))
  const startedAt = now()
  let inserted = 0
  let rows: Row[] = []
  let text = 0
  let ended: ManifestFile[] = []
  let leftOut: string[] = []

  const flush = async () => {
    // A file that changed nothing is done too.
    if (rows.length > 0) {
      const refused = await insert(rows)
      report.refused.push(...refused)
      report.rows += rows.length - refused.length
      inserted += rows.length
    }
    if (leftOut.length > 0) await onLeftOut(source, leftOut)
    await state.add(ended)
    rows = []
    ended = []
    leftOut = []
    text = 0
    if (rate !== undefined) {
      const aheadMs = (inserted / rate) * 1_000 - (now() - startedAt)
      if (aheadMs > 0) await sleep(aheadMs)
    }
  }

  const change = async (row: Row): Promise<Row | undefined> => {
    if (transform === undefined) return row
    try {
      const outcome = await transformRow(transform, row)
      if (outcome.kind === 'changed') report.changed += 1
      if (outcome.kind !== 'left_out') return outcome.row
      report.leftOut += 1
      leftOut.push(String(row['message_id']))
    } catch (error) {
      if (!skipFailed || !(error instanceof TransformFailure)) throw error
      report.failedEvents += 1
    }
    return undefined
  }

  return {
    async write(row) {
      if (isForgotten(row)) report.forgotten += 1
      else {
        const kept = await change(row)
        if (kept !== undefined && isForgotten(kept)) report.forgotten += 1
        else if (kept !== undefined) {
          rows.push(toStorableRow(kept))
          text += textLength(kept)
        }
      }
      if (rows.length >= maxRows || text >= MAX_TEXT) await flush()
    },
    async endFile(file) {
      ended.push(file)
      if (rows.length === 0) await flush()
    },
    flush,
  }
}

/** About as long as the row is: what is large in an event is there. */
function textLength(row: Row): number {
  let length = 500
  for (const name of ['properties', 'traits', 'context', 'lookups', 'extra']) {
    const value = row[name]
    length += typeof value === 'string' ? value.length : 1_000
  }
  return length
}
