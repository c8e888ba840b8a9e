/** Where things lie in the lake's bucket. Knows times, sources and buckets, not Parquet. Source: DESIGN section 7. */

import { NAME_PATTERN } from '../wire.ts'

/** What readers glob. */
export const EVENTS_PREFIX = 'events/'

/** What waits to be published. */
export const PARTS_PREFIX = 'parts/'

/** Parts that could not be read, put aside. */
export const UNREADABLE_PREFIX = 'dead/parts/'

const HOUR_MICROS = 3_600_000_000

/** A published file: the hour's beginning in milliseconds since 1970. */
export interface LakeFileKey {
  source: string
  hour: number
  /** From 0. */
  bucket: number
}

/**
 * The hour whose folder an event lies in, in milliseconds since 1970: by the client's own clock, because every copy of an
 * event has the same, whenever it arrived. Of an event without one, by the time that it was received.
 *
 * @param originalTimestamp microseconds since 1970; 0 when the client did not say
 * @param receivedAt likewise
 */
export function lakeHour(originalTimestamp: number, receivedAt: number): number {
  const micros = originalTimestamp === 0 ? receivedAt : originalTimestamp
  return (micros - (micros % HOUR_MICROS)) / 1_000
}

/** The same as SQL over columns of `events`, in seconds since 1970: ClickHouse's `toStartOfHour` wraps around in 2106. */
export const LAKE_HOUR_SQL =
  'intDiv(toUnixTimestamp64Milli(if(toUnixTimestamp64Milli(original_timestamp) = 0, received_at, original_timestamp)), 3600000) * 3600'

/** `events/source=shop/` */
export function sourcePrefix(source: string): string {
  return `${EVENTS_PREFIX}source=${source}/`
}

/** `events/source=shop/date=2026-11-22/hour=09/` */
export function hourPrefix(source: string, hour: number): string {
  const time = new Date(hour).toISOString()
  return `${sourcePrefix(source)}date=${time.slice(0, 10)}/hour=${time.slice(11, 13)}/`
}

/** `events/source=shop/date=2026-11-22/hour=09/bucket-0.parquet` */
export function fileKey({ source, hour, bucket }: LakeFileKey): string {
  return `${hourPrefix(source, hour)}bucket-${bucket}.parquet`
}

const FILE_KEY = /^events\/source=([^/]+)\/date=(\d{4}-\d{2}-\d{2})\/hour=(\d{2})\/bucket-(\d{1,4})\.parquet$/

/** What a key says, or `undefined` when it is none of {@link fileKey}. */
export function parseFileKey(key: string): LakeFileKey | undefined {
  const [, source = '', date = '', hour = '', bucket = ''] = FILE_KEY.exec(key) ?? []
  const parsed = { source, hour: Date.parse(`${date}T${hour}:00:00Z`), bucket: Number(bucket) }
  return Number.isNaN(parsed.hour) || fileKey(parsed) !== key ? undefined : parsed
}

/** `events/source=shop/_manifest.json`; readers pass over names that begin with `_`. */
export function manifestKey(source: string): string {
  return `${sourcePrefix(source)}_manifest.json`
}

/** Digits of the time in a key, so that keys sort by it until the year 2286. */
const TIME_DIGITS = 13

/**
 * `parts/source=shop/1795330800000-<hex>.parquet`: keys of a source sort by time.
 *
 * @param receivedAt of the first of its events, in milliseconds since 1970
 */
export function partKey(source: string, receivedAt: number, hex: string): string {
  return `${PARTS_PREFIX}source=${source}/${String(receivedAt).padStart(TIME_DIGITS, '0')}-${hex}.parquet`
}

const PART_KEY = /^parts\/source=([^/]+)\/(\d{13})-[0-9a-f]+\.parquet$/

/** What the key of a part says, or `undefined` when it is somebody else's. */
export function parsePartKey(key: string): { source: string; receivedAt: number } | undefined {
  const [, source = '', time = ''] = PART_KEY.exec(key) ?? []
  return NAME_PATTERN.test(source) ? { source, receivedAt: Number(time) } : undefined
}
