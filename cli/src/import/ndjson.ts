/** The format of events as Segment has them, one JSON object a line. */

import { isUtf8 } from 'node:buffer'
import { checkEvent, malformed } from './check-event.ts'
import { type ImportFormat, readEachLine, type Verdict, withoutMark } from './format.ts'
import type { Line } from './lines.ts'
import { createMessageIdMinter } from './message-id.ts'

/** Nothing on a line is no mistake: many writers end a file with one. */
export const BLANK_LINE = { name: 'blank-line', description: 'nothing but white space' }

/** NDJSON of events. The first line of the file may have a byte order mark. */
export const NDJSON_FORMAT: ImportFormat = {
  name: 'ndjson',
  words: { records: 'lines', events: 'events' },
  topField: 'event',
  skipKinds: [BLANK_LINE],
  begin(firstLine) {
    const mintId = createMessageIdMinter(firstLine)
    return readEachLine((line) => judge(line, () => mintId(line.number, line.bytes)))
  },
}

function judge(line: Line, mintId: () => string): Verdict {
  if (line.isTooLong) return malformed('line too long', 'a line may have 128 KiB')
  const bytes = withoutMark(line)
  if (!isUtf8(bytes)) return malformed('not UTF-8')
  const text = bytes.toString('utf8')
  if (text.trim() === '') return { kind: 'skipped', rule: BLANK_LINE.name }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return malformed('not JSON', (error as SyntaxError).message)
  }
  if (isBatch(value)) return malformed('a batch', 'each line must be one event: write those of `batch` apart')
  return checkEvent(value, { mintId, sourceBytes: bytes.length })
}

/** As stock SDKs send them; a line of it has many events, and one bad one would take the others along. */
function isBatch(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.hasOwn(value, 'batch') && !Object.hasOwn(value, 'type')
}
