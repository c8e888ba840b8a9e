/** What each line of a log is, counted under exactly one outcome: page view, skipped by a rule, or malformed. */

import type { ViewArguments } from '@millrace/node'
import { printable } from '../printable.ts'
import { createMessageIdMinter } from './ids.ts'
import type { Line } from './lines.ts'
import { buildPageView } from './page-view.ts'
import { type MalformedReason, parseLine } from './parse-line.ts'
import { findSkipRule, SKIP_KINDS } from './rules.ts'

/** How many malformed lines are kept to be shown. */
const MAX_SAMPLES = 5

/** Longest part of a malformed line that is shown, in characters. */
const MAX_SAMPLE_LENGTH = 160

/** One malformed line, for a person to look at. */
export interface MalformedSample {
  line: number
  reason: MalformedReason
  /** Beginning of the line; what a terminal would not print as it is, is written as `\u{1b}`. */
  text: string
}

/** Counts by outcome; `lines = pageViews + every count in skipped + malformed.count`. */
export interface LineCounts {
  lines: number
  pageViews: number
  /** By rule, in the order of the rules; every rule is there. */
  skipped: Record<string, number>
  /** With the first few lines. */
  malformed: { count: number; samples: MalformedSample[] }
}

export interface Tally {
  /** Counts a line; the event to send when it is a page view. Lines come in order, from the first. */
  add(line: Line): ViewArguments | undefined
  counts(): LineCounts
}

/** Empty counts. `site` is the origin that is put before each path. */
export function createTally({ site }: { site?: string | undefined } = {}): Tally {
  const skipped = Object.fromEntries(SKIP_KINDS.map(({ name }) => [name, 0]))
  const samples: MalformedSample[] = []
  let lines = 0
  let pageViews = 0
  let malformedCount = 0
  let mintMessageId: ReturnType<typeof createMessageIdMinter> | undefined

  function addMalformed(line: Line, reason: MalformedReason): void {
    malformedCount += 1
    if (samples.length < MAX_SAMPLES) samples.push({ line: line.number, reason, text: sampleOf(line.bytes) })
  }

  return {
    add(line) {
      lines += 1
      mintMessageId ??= createMessageIdMinter(line.bytes)
      const parsed = line.isTooLong ? tooLong : parseLine(line.bytes)
      if (!parsed.ok) {
        addMalformed(line, parsed.reason)
        return undefined
      }
      const { entry } = parsed
      const rule = findSkipRule(entry)
      if (rule !== undefined || entry.request === undefined) {
        const name = rule ?? 'no-request'
        skipped[name] = (skipped[name] ?? 0) + 1
        return undefined
      }
      pageViews += 1
      return buildPageView(entry, entry.request, { messageId: mintMessageId(line.number, line.bytes), site })
    },
    counts: () => ({
      lines,
      pageViews,
      skipped: { ...skipped },
      malformed: { count: malformedCount, samples },
    }),
  }
}

const tooLong = { ok: false, reason: 'line too long' } as const

/** A log holds what strangers sent: their escape sequences must not reach the terminal. */
function sampleOf(bytes: Buffer): string {
  // Four bytes make at most one character, and half a character at the cut does not matter.
  const text = bytes.subarray(0, MAX_SAMPLE_LENGTH * 4).toString('utf8')
  return printable(text.slice(0, MAX_SAMPLE_LENGTH) + (text.length > MAX_SAMPLE_LENGTH ? '…' : ''))
}
