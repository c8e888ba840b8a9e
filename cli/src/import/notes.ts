/** Notes of how far an import is: wires the mark, its books and the offset file together. */

import { createBooks, type Entry, type Outcome } from './books.ts'
import type { ImportFormat, ImportRecord } from './format.ts'
import { createOffsetFile, type Progress } from './offset-file.ts'
import { hashFirstLine, positionOf } from './open-lines.ts'
import type { Rejects } from './rejects.ts'
import type { InputSource } from './source.ts'
import { createWaterMark } from './water-mark.ts'

/** Records that may wait for their turn to be noted, when a file holds little to send while the collector is not there. */
const MAX_UNNOTED = 50_000

/** Where an import notes how far it is. */
export interface ResumeOptions {
  /** Path of the offset file. */
  path: string
  /** What an earlier run wrote there. */
  earlier: Progress | undefined
}

/** Options of {@link openNotes}. */
export interface NotesOptions {
  input: InputSource
  format: ImportFormat
  source: string
  endpoint: string
  resume?: ResumeOptions | undefined
  rejects?: Rejects | undefined
  /** Called once when the offset file cannot be written. */
  onFailure: (error: Error) => void
  /** Milliseconds. */
  now: () => number
  /** Milliseconds since the epoch. Default: `Date.now`. */
  clock?: (() => number) | undefined
}

/** Notes that are taken. */
export interface Notes {
  /** Before the first record. */
  begin(firstLine: Uint8Array): void
  /** Adds the next record; what it returns is called with what became of an event. */
  add(record: ImportRecord, entry: Entry): (outcome: Outcome) => void
  /** Whether the import should wait for what was sent before it reads on. */
  isCrowded(): boolean
  /** Writes the offset file. Rejects when it cannot. */
  save(): Promise<void>
}

/** Notes; nothing when there is to be no offset file. */
export function openNotes(options: NotesOptions): Notes | undefined {
  const { input, format, source, endpoint, resume, rejects, onFailure, now, clock = Date.now } = options
  if (resume === undefined) return undefined
  const books = createBooks(format, resume.earlier?.counts)
  const waterMark = createWaterMark(books)
  let firstLineHash = ''

  async function progress(): Promise<Progress | undefined> {
    const mark = waterMark.mark()
    if (mark === undefined) return undefined
    const counts = books.counts()
    // What is noted as rejected must be there.
    await rejects?.flush()
    return {
      version: 1,
      job: { format: format.name, source, endpoint },
      file: input.name,
      fileBytes: input.totalBytes ?? null,
      firstLine: firstLineHash,
      ...mark,
      counts,
      savedAt: new Date(clock()).toISOString(),
    }
  }

  const file = createOffsetFile({ path: resume.path, progress, onFailure, now })
  return {
    begin(firstLine) {
      firstLineHash = hashFirstLine(firstLine)
    },
    add(record, entry) {
      if (!record.isWhole) waterMark.freeze()
      const settle = waterMark.add(entry, positionOf(record.last), rejects?.bytes() ?? 0)
      file.touch()
      return (outcome) => {
        settle(outcome)
        file.touch()
      }
    },
    isCrowded: () => waterMark.pendingCount() >= MAX_UNNOTED,
    save: file.save,
  }
}
