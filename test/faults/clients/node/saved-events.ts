/** What lies on a spool's disk, read without the spool's own reader: whole records, by the marks of their events. */

import type { Disk } from './disk.ts'

const RECORD = /\n[0-9a-f]{8} \d+ (\d+) (?=\{)/g

/** Marks of all events that lie there whole. */
export function marksOn(disk: Disk): Set<string> {
  const marks = new Set<string>()
  for (const text of disk.texts()) {
    for (const { index, 0: head, 1: length } of text.matchAll(RECORD)) {
      const start = index + head.length
      const mark = readMark(text, start, Number(length))
      if (mark !== undefined) marks.add(mark)
    }
  }
  return marks
}

/** The texts of the tests are ASCII, so that a byte is a character. */
function readMark(text: string, start: number, length: number): string | undefined {
  const json = text.slice(start, start + length)
  // Torn: the rest was never written.
  if (json.length < length || !json.endsWith('}')) return undefined
  return /"mark":"([^"]*)"/.exec(json)?.[1]
}
