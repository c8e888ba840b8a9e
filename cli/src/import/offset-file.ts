/** The file that says how far an import is, so that a second run goes on from there. Knows nothing of lines or events. */

import { open, readFile, rename } from 'node:fs/promises'
import type { Counts } from './books.ts'
import type { KnownInput } from './open-lines.ts'

/** What is written. Everything up to `position` is settled; `counts` are those of it, over all runs. */
export interface Progress extends KnownInput {
  version: 1
  /** What must be the same in the next run. */
  job: Job
  /** Name of the input, for a person. */
  file: string
  /** Size of the input on disk when it was read, for a person. */
  fileBytes: number | null
  /** Length of the rejects file up to there. */
  rejectsBytes: number
  counts: Counts
  /** When this was written, ISO 8601. */
  savedAt: string
}

/** Of which import the offset is. */
export interface Job {
  format: string
  source: string
  endpoint: string
}

/** Milliseconds between two writes. */
const SAVE_INTERVAL_MS = 1_000

/**
 * What an earlier run wrote; nothing when there is no such file.
 *
 * @throws Error in plain words when it cannot be read, is no offset file, or is of another job
 */
export async function readProgress(path: string, job: Job): Promise<Progress | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw new Error(`cannot read the offset file ${path}: ${cause.message}`, { cause })
  })
  if (text === undefined) return undefined
  const progress = parseProgress(text)
  if (progress === undefined) {
    throw new Error(`${path} is no offset file of an import: give another name, or remove it to begin anew`)
  }
  for (const name of ['format', 'source', 'endpoint'] as const) {
    if (progress.job[name] === job[name]) continue
    throw new Error(
      `the offset file ${path} is of an import with another ${name}, ${progress.job[name]}: give another name, or remove it to begin anew`,
    )
  }
  return progress
}

function parseProgress(text: string): Progress | undefined {
  try {
    const value = JSON.parse(text) as Partial<Progress> | null
    const isOurs =
      value?.version === 1 &&
      typeof value.firstLine === 'string' &&
      [value.position?.byte, value.position?.start, value.position?.line, value.rejectsBytes].every(
        isCount,
      ) &&
      typeof value.job === 'object' &&
      value.job !== null &&
      areCounts(value.counts)
    return isOurs ? (value as Progress) : undefined
  } catch {
    // Not JSON: not ours.
    return undefined
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** Whether these are counts as the books have them: with one missing, the next run's would not close. */
function areCounts(value: Partial<Counts> | undefined): boolean {
  if (value === undefined || value === null) return false
  const { records, events, skipped, malformed, sent } = value
  return (
    [records, events, malformed?.count].every(isCount) &&
    [skipped, malformed?.reasons].every((each) => Object.values(each ?? { missing: -1 }).every(isCount)) &&
    Array.isArray(malformed?.samples) &&
    typeof sent === 'object' &&
    sent !== null
  )
}

/** Writes an offset file. */
export interface OffsetFile {
  /** Something was settled: writes in a while, at most once a second. */
  touch(): void
  /** Writes now, after a write that is under way. Rejects when it cannot. */
  save(): Promise<void>
}

/** Options of {@link createOffsetFile}. */
export interface OffsetFileOptions {
  path: string
  /** What to write; nothing while nothing is settled. Awaited before each write. */
  progress: () => Promise<Progress | undefined>
  /** Called once when a write of `touch` failed. */
  onFailure: (error: Error) => void
  /** Milliseconds. */
  now: () => number
}

/** An offset file that is replaced as a whole: whoever kills the process finds the old one or the new one. */
export function createOffsetFile({ path, progress, onFailure, now }: OffsetFileOptions): OffsetFile {
  let writing: Promise<void> = Promise.resolve()
  let nextAt = now() + SAVE_INTERVAL_MS
  let isBusy = false

  async function write(): Promise<void> {
    const content = await progress()
    if (content === undefined) return
    const temporaryPath = `${path}.tmp`
    const file = await open(temporaryPath, 'w')
    try {
      await file.writeFile(`${JSON.stringify(content, null, 2)}\n`)
      // Else a rename may outlive its content when the power fails.
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(temporaryPath, path)
  }

  function save(): Promise<void> {
    writing = writing.then(write)
    return writing
  }

  return {
    touch() {
      if (isBusy || now() < nextAt) return
      isBusy = true
      save()
        .catch(onFailure)
        .finally(() => {
          isBusy = false
          nextAt = now() + SAVE_INTERVAL_MS
        })
    },
    save,
  }
}
