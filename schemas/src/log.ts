/**
 * Lines of the log: one JSON object a line, from a closed list of events, with nothing in it that ends a line or turns a
 * terminal around. Errors are always written; ordinary outcomes are sampled, those of a batch together.
 */

import murmurhash from 'murmurhash'
import { checkObject } from './heartbeat.ts'

/** What a line says: `level`, `event`, and what belongs to it. Never a payload, a key, or anything of a person. */
export type LogRecord = Record<string, unknown>

/** Takes one line. */
export type Log = (record: LogRecord) => void

/**
 * Writes one line of an ordinary outcome if its batch is one of those that are kept.
 *
 * @param batchId what decides it, the same for all lines of a batch wherever they are written; only its hash is in the line
 */
export type SampledLog = (batchId: string, record: LogRecord) => void

/** How the log is set in `millrace.config.ts`. */
export interface LogsConfig {
  /** Share of the batches whose ordinary outcomes are written, from 0 to 1. Errors always are. Default 0.01. */
  sampleRate?: number
}

/** Default share of {@link LogsConfig}. */
export const DEFAULT_SAMPLE_RATE = 0.01

/** Longest text in a line, in UTF-16 units: what ClickHouse says of an error fits, a payload does not. */
const MAX_TEXT_LENGTH = 1_000

/** Objects within objects are cut there. */
const MAX_DEPTH = 4

/** Most fields of an object and entries of a list. */
const MAX_ENTRIES = 50

/** A log that writes ordinary outcomes of a share of all batches. */
export function createSampledLog(
  log: Log,
  { sampleRate = DEFAULT_SAMPLE_RATE }: LogsConfig = {},
): SampledLog {
  return (batchId, record) => {
    const hash = hashBatch(batchId)
    if (isSampled(hash, sampleRate)) log({ ...record, trace: toTrace(hash) })
  }
}

/** The hash of a batch's id as lines have it: 8 hex digits, ClickHouse's `lower(hex(murmurHash3_32(batch_id)))`. */
export function traceOf(batchId: string): string {
  return toTrace(hashBatch(batchId))
}

function hashBatch(batchId: string): number {
  return murmurhash.v3(batchId)
}

function toTrace(hash: number): string {
  return hash.toString(16).padStart(8, '0')
}

function isSampled(hash: number, rate: number): boolean {
  return hash < rate * 2 ** 32
}

/**
 * The text of a line: one line whatever is in it, of bounded length, all of it valid Unicode. What a terminal takes for a
 * command or turns around is escaped, beside what JSON escapes.
 */
export function encodeLogLine(record: LogRecord): string {
  return JSON.stringify(cut(record, 0)).replace(
    UNSAFE,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

// DEL and C1 controls, line and paragraph separator, marks and overrides of direction, what has no width, the byte order mark.
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

function cut(value: unknown, depth: number): unknown {
  if (typeof value === 'string')
    return value.length > MAX_TEXT_LENGTH ? `${value.slice(0, MAX_TEXT_LENGTH)}…` : value
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return cut(String(value), depth)
  if (depth === MAX_DEPTH) return '…'
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((entry) => cut(entry, depth + 1))
  if ('toJSON' in value) return value
  const entries = Object.entries(value).slice(0, MAX_ENTRIES)
  return Object.fromEntries(entries.map(([key, entry]) => [key.slice(0, 200), cut(entry, depth + 1)]))
}

/** @throws TypeError or RangeError naming the option, the rule and the value */
export function checkLogs(config: unknown): void {
  checkObject(config, 'logs', ['sampleRate'], 'an object')
  const { sampleRate } = config as LogsConfig
  if (sampleRate === undefined) return
  if (typeof sampleRate === 'number' && sampleRate >= 0 && sampleRate <= 1) return
  throw new RangeError(`logs.sampleRate must be a number from 0 to 1, got ${JSON.stringify(sampleRate)}`)
}
