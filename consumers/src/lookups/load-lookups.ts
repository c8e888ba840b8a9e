/**
 * The job that keeps the lookup tables of ClickHouse those of the bucket: a table whose version is not the one that was
 * loaded last is read and loaded, all others are only listed.
 */

import { describeError } from '@millrace/schemas/native'
import { type LoadEffects, loadTable, type TableName, type TableVersion } from './load-table.ts'
import { tableLines } from './table-lines.ts'

/** What the job needs of an R2 bucket. */
export interface LookupsBucket {
  /** In order of the keys. */
  list: (options: { prefix: string; startAfter?: string }) => Promise<{
    objects: { key: string; etag: string }[]
    truncated: boolean
  }>
  get: (key: string) => Promise<{ etag: string; uploaded: Date; text: () => Promise<string> } | null>
}

/** What the job works with. */
export interface LoadLookupsEffects extends LoadEffects {
  bucket: LookupsBucket
  /** Milliseconds since 1970. */
  now: () => number
  log: (record: Record<string, unknown>) => void
  /** No table is begun after this. Default 50,000: the cron comes every minute. */
  budgetMs?: number
}

const BUDGET_MS = 50_000

/** As the collector writes them: `lookups/<source>/<name>.json`. */
const PREFIX = 'lookups/'
const KEY = /^lookups\/([a-z0-9_-]{1,64})\/([a-z0-9_-]{1,64})\.json$/

/**
 * The version of each table that was loaded last. `NULL` where that load did not come to its end, or another one was under
 * way meanwhile: what the two made of the table together may be neither.
 */
const LOADED = `
SELECT source, name, if(steps[1].2 = 'done' AND steps[2].3 = steps[1].3, steps[1].4, NULL) AS version
FROM (
  SELECT source, name, arrayReverseSort(groupArray((at, step, load, version))) AS steps
  FROM lookup_loads
  GROUP BY source, name
)`

/** A table of which ClickHouse does not have what the bucket has. */
interface ChangedTable extends TableName {
  /** Key of the object; absent when it was removed. */
  objectKey?: string
}

/**
 * Loads what changed. A table that cannot be loaded is one line in the log, and is tried again by the next run; the others
 * go on. Runs may overlap and be cut off.
 *
 * @throws what the bucket throws when it is listed, or ClickHouse when it is asked what it has
 */
export async function loadLookups(effects: LoadLookupsEffects): Promise<void> {
  const { now, log, budgetMs = BUDGET_MS } = effects
  const endsAt = now() + budgetMs
  for (const table of await findChanged(effects)) {
    if (now() >= endsAt) return
    const { source, name } = table
    try {
      const version = await readTable(effects, table)
      if (version === undefined) continue
      const load = await loadTable(effects, version)
      log({ level: 'info', event: 'lookup_stored', source, table: name, version: version.version, ...load })
    } catch (error) {
      log({ level: 'error', event: 'lookup_not_stored', source, table: name, error: describeError(error) })
    }
  }
}

async function findChanged({ bucket, read }: LoadLookupsEffects): Promise<ChangedTable[]> {
  const stored = await listTables(bucket)
  const loaded = await read<TableName & { version: string | null }>(LOADED)
  const versions = new Map(loaded.map(({ source, name, version }) => [`${source}/${name}`, version]))
  const changed = stored.filter(({ source, name, etag }) => versions.get(`${source}/${name}`) !== etag)
  const names = new Set(stored.map(({ source, name }) => `${source}/${name}`))
  const removed = loaded.filter(
    ({ source, name, version }) => version !== '' && !names.has(`${source}/${name}`),
  )
  return [...changed, ...removed.map(({ source, name }) => ({ source, name }))]
}

async function listTables(bucket: LookupsBucket) {
  const tables: (TableName & { objectKey: string; etag: string })[] = []
  let startAfter: string | undefined
  for (;;) {
    const page = await bucket.list({ prefix: PREFIX, ...(startAfter === undefined ? {} : { startAfter }) })
    for (const { key, etag } of page.objects) {
      const [, source, name] = KEY.exec(key) ?? []
      if (source !== undefined && name !== undefined) tables.push({ source, name, objectKey: key, etag })
    }
    startAfter = page.objects.at(-1)?.key
    if (!page.truncated || startAfter === undefined) return tables
  }
}

/** The table as it is now, which may be newer than what was listed; `undefined` when it has gone since. */
async function readTable(
  { bucket, now }: LoadLookupsEffects,
  { source, name, objectKey }: ChangedTable,
): Promise<TableVersion | undefined> {
  if (objectKey === undefined) return { source, name, version: '', storedAt: now(), lines: [] }
  const object = await bucket.get(objectKey)
  if (object === null) return undefined
  const { etag, uploaded } = object
  return { source, name, version: etag, storedAt: uploaded.getTime(), lines: tableLines(await object.text()) }
}
