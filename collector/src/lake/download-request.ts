/** What a download asks for: its range of time, its conditions, its format. Pure. */

import {
  isOpenEnded,
  LAKE_TEXT_FORMATS,
  type LakeCondition,
  type LakeFileFormat,
  MAX_FILTERS,
  parseLakeFilter,
  parseLakeRange,
  type TimeRange,
} from '@millrace/schemas/lake'

/** Formats of a download. */
export const DOWNLOAD_FORMATS = [...LAKE_TEXT_FORMATS, 'parquet'] as const satisfies readonly LakeFileFormat[]

/** A download that can be done. */
export interface DownloadRequest {
  ok: true
  range: TimeRange
  /** All of them must hold. */
  conditions: LakeCondition[]
  format: LakeFileFormat
}

/** Fields of the query string or form; `token` is one of the form alone. */
const FIELDS = ['from', 'to', 'format', 'filter', 'source']

/**
 * Reads the fields of a query string or form. A field that is empty counts as absent, as forms send those that were not
 * filled in. What is wrong is told in one sentence.
 *
 * @param now milliseconds since 1970
 */
export function parseDownload(
  fields: URLSearchParams,
  now: number,
): DownloadRequest | { ok: false; message: string } {
  const given = [...fields].filter(([, value]) => value.trim() !== '')
  const unknown = given.find(([name]) => !FIELDS.includes(name))
  if (unknown !== undefined)
    return refuse(`a download has no field ${quote(unknown[0])}; known: ${FIELDS.join(', ')}`)
  const valuesOf = (name: string) => given.filter(([key]) => key === name).map(([, value]) => value.trim())
  const twice = FIELDS.find((name) => name !== 'filter' && valuesOf(name).length > 1)
  if (twice !== undefined) return refuse(`${twice} may be given once`)

  const [from, to, format = 'ndjson'] = ['from', 'to', 'format'].map((name) => valuesOf(name)[0])
  const parsed = parseLakeRange({ from, to }, now)
  if (!parsed.ok) return refuse(`${parsed.path} ${parsed.message}`)
  if (!isFormat(format))
    return refuse(`format must be one of ${DOWNLOAD_FORMATS.join(', ')}, got ${quote(format)}`)
  const filters = valuesOf('filter')
  if (filters.length > MAX_FILTERS) return refuse(`filter may be given ${MAX_FILTERS} times`)
  const conditions: LakeCondition[] = []
  for (const filter of filters) {
    const result = parseLakeFilter(filter)
    if (!result.ok) return refuse(`filter ${quote(filter)}: ${result.message}`)
    conditions.push(result.condition)
  }
  return { ok: true, range: parsed.range, conditions, format }
}

/** The name that the file gets: `shop-2026-11-01-to-2026-11-22.csv`; times where an end is not the beginning of a day. */
export function fileNameOf(source: string, { range, format }: DownloadRequest): string {
  const from = range.from === 0 ? '' : `-${stampOf(range.from)}`
  const to = isOpenEnded(range) ? '' : `-to-${stampOf(range.to)}`
  return `${source}-${from + to === '' ? 'events' : `events${from}${to}`}.${format}`
}

function stampOf(time: number): string {
  const iso = new Date(time).toISOString()
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : `${iso.slice(0, 19).replaceAll(':', '')}Z`
}

function isFormat(format: string): format is LakeFileFormat {
  return (DOWNLOAD_FORMATS as readonly string[]).includes(format)
}

/** Longest text that a message repeats, in UTF-16 units. */
const MAX_QUOTED = 200

function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text)
}

function refuse(message: string): { ok: false; message: string } {
  return { ok: false, message }
}
