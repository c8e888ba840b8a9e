/**
 * The columns of the lake's Parquet files: those of ClickHouse's table `events` under the same names, save what ClickHouse
 * computes and `source`, which the folder says. What each means: `docs/data-dictionary.md`.
 */

/**
 * How the values of a column are written: text as a UTF-8 string; a JSON object as text with Parquet's logical type JSON; a
 * JSON array as a string, because ClickHouse takes that logical type for objects alone; a time in microseconds since 1970,
 * UTC; a count as an unsigned integer of 32 bits.
 */
export type LakeKind = 'text' | 'json' | 'json_list' | 'time' | 'time_or_null' | 'count' | 'truth'

/** One column. */
export interface LakeColumn {
  name: string
  kind: LakeKind
  /** Whether readers seek rows by it: it then has a bloom filter. */
  isSought?: boolean
}

/** A value as it is held in memory: text, JSON text, microseconds since 1970, a whole number, or a truth. */
export type LakeValue = string | number | boolean | null

/** Rows as columns: one array a column, in the order of {@link LAKE_COLUMNS}, all as long as `count`. */
export interface LakeBatch {
  count: number
  columns: LakeValue[][]
}

/** Version of the columns; a file of a higher one is left to the Worker that wrote it. */
export const LAKE_SCHEMA_VERSION = 1

/** In the order of the file. A new column goes to the end, with a higher {@link LAKE_SCHEMA_VERSION}. */
export const LAKE_COLUMNS: readonly LakeColumn[] = [
  ...texts('message_id', 'type', 'event', 'name', 'category'),
  { name: 'timestamp', kind: 'time' },
  { name: 'original_timestamp', kind: 'time' },
  { name: 'sent_at', kind: 'time_or_null' },
  { name: 'received_at', kind: 'time' },
  { name: 'user_id', kind: 'text', isSought: true },
  { name: 'anonymous_id', kind: 'text', isSought: true },
  ...texts('group_id', 'previous_id', 'stream'),
  { name: 'seq', kind: 'count' },
  ...texts('batch_id', 'previous_stream'),
  { name: 'previous_seq', kind: 'count' },
  ...texts('route', 'session_id'),
  { name: 'session_index', kind: 'count' },
  ...texts('page_url', 'page_path', 'page_search', 'page_referrer', 'page_title'),
  ...texts('user_agent', 'locale', 'library_name', 'library_version'),
  ...jsons('properties', 'traits', 'context', 'integrations'),
  ...texts('ip', 'country', 'region', 'city', 'continent', 'time_zone'),
  { name: 'asn', kind: 'count' },
  ...texts('as_organization', 'device_type', 'device_brand', 'device_model'),
  ...texts('browser_name', 'browser_version', 'os_name', 'os_version'),
  { name: 'is_bot', kind: 'truth' },
  ...texts('bot_name', 'referrer_class', 'referrer_name'),
  ...texts('campaign_source', 'campaign_medium', 'campaign_name', 'campaign_term', 'campaign_content'),
  ...texts('campaign_id', 'click_id_type', 'click_id'),
  { name: 'gpc', kind: 'truth' },
  { name: 'is_anonymized', kind: 'truth' },
  ...texts('client_anonymous_id', 'plan_version'),
  { name: 'violations', kind: 'json_list' },
  ...jsons('lookups', 'lookup_versions', 'extra'),
]

function texts(...names: string[]): LakeColumn[] {
  return names.map((name) => ({ name, kind: 'text' }))
}

function jsons(...names: string[]): LakeColumn[] {
  return names.map((name) => ({ name, kind: 'json' }))
}

const PLACES: ReadonlyMap<string, number> = new Map(LAKE_COLUMNS.map(({ name }, place) => [name, place]))

/**
 * Place of a column in a batch.
 *
 * @throws RangeError when there is none of that name
 */
export function placeOf(name: string): number {
  const place = PLACES.get(name)
  if (place === undefined) throw new RangeError(`the lake has no column ${name}`)
  return place
}

/** What a row has in a column that its file does not know yet. */
export function defaultOf({ kind }: LakeColumn): LakeValue {
  switch (kind) {
    case 'text':
      return ''
    case 'json':
      return '{}'
    case 'json_list':
      return '[]'
    case 'time_or_null':
      return null
    case 'truth':
      return false
    default:
      return 0
  }
}

/** A batch without rows. */
export function emptyBatch(): LakeBatch {
  return { count: 0, columns: LAKE_COLUMNS.map(() => []) }
}

/** A batch of rows that are given by the names of their columns; what a row leaves out is {@link defaultOf} its column. */
export function batchOfRows(rows: readonly Readonly<Record<string, LakeValue>>[]): LakeBatch {
  const read = (row: Readonly<Record<string, LakeValue>>, column: LakeColumn) => {
    const value = row[column.name]
    return value === undefined ? defaultOf(column) : value
  }
  return {
    count: rows.length,
    columns: LAKE_COLUMNS.map((column) => rows.map((row) => read(row, column))),
  }
}

/** Rows of a batch, in the order of `rows`, as a batch of its own. */
export function gather({ columns }: LakeBatch, rows: readonly number[]): LakeBatch {
  return {
    count: rows.length,
    columns: columns.map((values) => rows.map((row) => values[row] as LakeValue)),
  }
}

/** Batches one after the other. */
export function concatBatches(batches: readonly LakeBatch[]): LakeBatch {
  const [only] = batches
  if (only !== undefined && batches.length === 1) return only
  return {
    count: batches.reduce((sum, { count }) => sum + count, 0),
    columns: LAKE_COLUMNS.map((_, place) => batches.flatMap(({ columns }) => columns[place] ?? [])),
  }
}

/** One row by the names of its columns, JSON as text. */
export function rowOf({ columns }: LakeBatch, row: number): Record<string, LakeValue> {
  return Object.fromEntries(LAKE_COLUMNS.map(({ name }, place) => [name, columns[place]?.[row] as LakeValue]))
}

const TEXT_COLUMNS = LAKE_COLUMNS.flatMap(({ kind }, place) =>
  kind === 'text' || kind === 'json' || kind === 'json_list' ? [place] : [],
)

/** UTF-16 units of the text of a row. */
export function weightOf({ columns }: LakeBatch, row: number): number {
  let weight = 0
  for (const place of TEXT_COLUMNS) weight += String(columns[place]?.[row]).length
  return weight
}
