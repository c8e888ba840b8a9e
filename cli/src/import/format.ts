/** What a format of files is to the import: lines in, records with a verdict out. Each format is one reader of this kind. */

import type { EventType } from '@millrace/schemas/wire'
import type { Line } from './lines.ts'

/** An event as the SDK's call of its type takes it; always with an id, an identity and a time. */
export interface ImportEvent {
  type: EventType
  fields: EventFields
}

/** Fields of an event; `timestamp` is ISO 8601 in UTC. */
export type EventFields = Record<string, unknown> & {
  messageId: string
  timestamp: string
  userId?: string
  anonymousId?: string
}

/** What a record is: exactly one of the three. */
export type Verdict =
  | { kind: 'event'; event: ImportEvent }
  /** Left out on purpose, by one of the format's `skipKinds`. */
  | { kind: 'skipped'; rule: string }
  | Malformed

/** A record that cannot be an event. */
export interface Malformed {
  kind: 'malformed'
  /** Counted by; one of not too many. */
  reason: string
  /** What is wrong with this one, for a person. */
  detail?: string | undefined
}

/** One record of a file, which is a line or, in CSV, sometimes several. */
export interface ImportRecord {
  /** Number of its first line. */
  line: number
  /** As it is in the file, as far as it was kept. */
  bytes: Buffer
  /** Its last line. */
  last: Line
  /** False when the file ends within it: it may not be whole yet. */
  isWhole: boolean
  verdict: Verdict
}

/** Reads one file. Lines come in order; a record is yielded with its last line. */
export interface RecordReader {
  read(lines: readonly Line[]): Iterable<ImportRecord>
  /** What is left at the end of the file. */
  end(): Iterable<ImportRecord>
}

/** A format. */
export interface ImportFormat {
  name: 'access-log' | 'ndjson' | 'csv'
  /** What is read and what is sent, in the words of a person: `lines`, `page views`. */
  words: { records: string; events: string }
  /** Field by which `millrace query top` tells most of such events. */
  topField: 'page_path' | 'event'
  /** Every way to be left out, in the order of the report. */
  skipKinds: readonly { name: string; description: string }[]
  /**
   * Begins a file, also in its middle: `firstLine` is the first of the file in any case.
   *
   * @throws UnusableInputError when the file cannot be read at all, for example for columns that are not there
   */
  begin(firstLine: Buffer): RecordReader
}

/** The file is no use as a whole. The message says why. */
export class UnusableInputError extends Error {}

/** A reader for formats in which a line is a record. */
export function readEachLine(judge: (line: Line) => Verdict): RecordReader {
  return {
    *read(lines) {
      for (const line of lines) {
        const { number, bytes, hasEnd } = line
        yield { line: number, bytes, last: line, isWhole: hasEnd, verdict: judge(line) }
      }
    },
    *end() {},
  }
}

/** Of UTF-8: bytes before the first line that Windows programs write. */
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** The bytes of a line; of the first line of a file without a byte order mark. */
export function withoutMark({ number, bytes }: Pick<Line, 'number' | 'bytes'>): Buffer {
  const hasMark = number === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)
  return hasMark ? bytes.subarray(3) : bytes
}
