/** The counts of an import: each record under exactly one heading, and what became of each event. */

import { printable } from '../printable.ts'
import type { ImportFormat, ImportRecord } from './format.ts'

/** How many malformed records are kept to be shown. */
const MAX_SAMPLES = 5

/** Longest part of a malformed record that is shown, in characters. */
const MAX_SAMPLE_LENGTH = 160

/** One malformed record, for a person to look at. */
export interface MalformedSample {
  /** Its first line. */
  line: number
  reason: string
  /** What is wrong with this one; absent when the reason says it all. */
  detail?: string
  /** Beginning of the record; what a terminal would not print as it is, is written as `\u{1b}`. */
  text: string
}

/** Counts by outcome; `records = events + every count in skipped + malformed.count`. */
export interface RecordCounts {
  records: number
  events: number
  /** By rule, in the order of the rules; every rule is there. */
  skipped: Record<string, number>
  /** By reason, with the first few. */
  malformed: { count: number; reasons: Record<string, number>; samples: MalformedSample[] }
}

/** What became of the events. */
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

/** Books as they lie in an offset file, too. */
export interface Counts extends RecordCounts {
  sent: SentCounts
}

/** What the collector, or the SDK in its stead, said about an event. */
export interface Outcome {
  status: 'delivered' | 'quarantined' | 'filtered' | 'duplicate' | 'refused' | 'undelivered'
  reason?: string | undefined
}

/** What the books keep of a record. */
export type Entry =
  | { kind: 'event' }
  | { kind: 'skipped'; rule: string }
  /** With a sample if it is one of the first few. */
  | { kind: 'malformed'; reason: string; sample?: MalformedSample }

/** Books that are open. */
export interface Books {
  add(entry: Entry): void
  /** An event that was added was answered. */
  settle(outcome: Outcome): void
  counts(): Counts
  /** What the books keep of a record that is to be added next. */
  entryOf(record: ImportRecord): Entry
  /** The two that progress is told by, without a copy of all. */
  progress(): Pick<Counts, 'records' | 'events'>
}

/** Books that begin with the counts of earlier runs, or empty. */
export function createBooks({ skipKinds }: Pick<ImportFormat, 'skipKinds'>, earlier?: Counts): Books {
  const counts: Counts = structuredClone(earlier ?? emptyCounts())
  for (const { name } of skipKinds) counts.skipped[name] ??= 0
  const { malformed, skipped, sent } = counts
  return {
    add(entry) {
      counts.records += 1
      if (entry.kind === 'event') counts.events += 1
      else if (entry.kind === 'skipped') increase(skipped, entry.rule)
      else {
        malformed.count += 1
        increase(malformed.reasons, entry.reason)
        if (entry.sample !== undefined) malformed.samples.push(entry.sample)
      }
    },
    settle({ status, reason }) {
      const heading = headingOf(status)
      sent[heading] += 1
      if (heading !== 'accepted') increase(sent.remarks, `${heading}: ${reason ?? status}`)
    },
    counts: () => structuredClone(counts),
    entryOf: (record) => entryOf(record, malformed.samples.length < MAX_SAMPLES),
    progress: () => ({ records: counts.records, events: counts.events }),
  }
}

/** Books without an entry. */
export function emptyCounts(): Counts {
  return {
    records: 0,
    events: 0,
    skipped: {},
    malformed: { count: 0, reasons: {}, samples: [] },
    sent: { accepted: 0, quarantined: 0, filtered: 0, duplicate: 0, dropped: 0, remarks: {} },
  }
}

/** Whether the event needs no second try: it was answered, or no answer would ever be another. */
export function isSettledForGood({ status, reason }: Outcome): boolean {
  if (status === 'undelivered') return false
  return status !== 'refused' || reason === 'invalid_event' || reason === 'event_too_large'
}

const EVENT = { kind: 'event' } as const

function entryOf({ line, bytes, verdict }: ImportRecord, isSampleWanted: boolean): Entry {
  if (verdict.kind === 'event') return EVENT
  if (verdict.kind === 'skipped') return verdict
  const { reason, detail } = verdict
  if (!isSampleWanted) return { kind: 'malformed', reason }
  const sample = { line, reason, ...(detail !== undefined && { detail: cut(detail) }), text: sampleOf(bytes) }
  return { kind: 'malformed', reason, sample }
}

function headingOf(status: Outcome['status']): Exclude<keyof SentCounts, 'remarks'> {
  if (status === 'delivered') return 'accepted'
  return status === 'refused' || status === 'undelivered' ? 'dropped' : status
}

function increase(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

/** A file holds what strangers sent: their escape sequences must not reach the terminal. */
function sampleOf(bytes: Buffer): string {
  // Four bytes make at most one character, and half a character at the cut does not matter.
  return cut(bytes.subarray(0, (MAX_SAMPLE_LENGTH + 1) * 4).toString('utf8'))
}

function cut(text: string): string {
  return printable(text.slice(0, MAX_SAMPLE_LENGTH) + (text.length > MAX_SAMPLE_LENGTH ? '…' : ''))
}
