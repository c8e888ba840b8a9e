/** Bytes a row on disk: our table, what it was before migration 0004, and what one would write without thinking of it. */

import type { Measured } from '../measure.ts'
import type { MeasuredWarehouse } from './warehouse.ts'

/** Rows that are compared. */
const ROWS = 500_000

/** Measures on the first rows of `events`, each table merged into one part a partition. */
export async function measureDisk(
  warehouse: MeasuredWarehouse,
  report: (line: string) => void,
): Promise<Measured[]> {
  const { run, read } = warehouse
  const columns = await read<{ name: string; type: string; codec: string }>(
    `SELECT name, type, compression_codec AS codec FROM system.columns
WHERE database = currentDatabase() AND table = 'events' AND default_kind NOT IN ('ALIAS', 'MATERIALIZED')`,
  )
  const names = columns.map(({ name }) => name).join(', ')
  const naive = columns.map(
    ({ name, type }) => `${name} ${type.startsWith('JSON') ? 'String' : plainType(type)}`,
  )
  const former = columns
    .filter(({ name }) => !NEW_COLUMNS.has(name))
    .map(({ name, type }) => `${name} ${type}`)
  await run(`CREATE TABLE ours AS events`)
  await run(`CREATE TABLE former (${former.join(', ')}) ENGINE = ReplacingMergeTree(copy_rank)
PARTITION BY toYYYYMM(original_timestamp) ORDER BY (source, toStartOfHour(original_timestamp), event, message_id)`)
  await run(`CREATE TABLE naive (${naive.join(', ')}) ENGINE = MergeTree ORDER BY timestamp`)
  const results: Measured[] = []
  for (const table of ['ours', 'former', 'naive']) {
    report(`disk: ${ROWS.toLocaleString('en')} rows into ${table}`)
    const list = table === 'former' ? former.map((column) => column.split(' ')[0]).join(', ') : names
    const selected = `SELECT ${list} FROM (SELECT * FROM events LIMIT ${ROWS})`
    await run(
      `INSERT INTO ${table} (${list}) ${table === 'naive' ? selected.replace(`SELECT ${list}`, `SELECT ${casts(columns)}`) : selected}`,
    )
    await run(`OPTIMIZE TABLE ${table} FINAL`)
    const [row] = await read<{ bytes: number }>(
      `SELECT sum(bytes_on_disk) / sum(rows) AS bytes FROM system.parts WHERE active AND database = currentDatabase() AND table = '${table}'`,
    )
    results.push({ name: `on disk, ${NAMES[table]}`, value: row?.bytes ?? Number.NaN, unit: 'bytes/row' })
    await run(`DROP TABLE ${table} SYNC`)
  }
  const bytesOf = (table: string) =>
    results.find(({ name }) => name === `on disk, ${NAMES[table]}`)?.value ?? Number.NaN
  return [
    ...results,
    { name: 'on disk, naive / ours', value: bytesOf('naive') / bytesOf('ours'), unit: '×' },
    {
      name: 'on disk, migrations 0001 to 0003 / ours',
      value: bytesOf('former') / bytesOf('ours'),
      unit: '×',
    },
  ]
}

const NAMES: Record<string, string> = {
  ours: 'ours',
  former: 'as migrations 0001 to 0003 had it',
  naive: 'naive: plain types, JSON as text, by time',
}

const NEW_COLUMNS: ReadonlySet<string> = new Set(['inserted_at', 'session_id', 'session_index'])

/** The type without what makes it small. */
function plainType(type: string): string {
  return type.replace(/LowCardinality\((\w+)\)/g, '$1')
}

function casts(columns: readonly { name: string; type: string }[]): string {
  return columns
    .map(({ name, type }) => (type.startsWith('JSON') ? `toJSONString(${name}) AS ${name}` : name))
    .join(', ')
}
