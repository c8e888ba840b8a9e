/** Runs blocks of SQL, on ClickHouse with what the shop did, or by DuckDB on what was exported. */

import { DuckDBInstance } from '@duckdb/node-api'
import { type Block, placeOf } from './blocks.ts'
import type { Finding } from './compile.ts'

/** Where SQL is run. */
export interface SqlWorld {
  clickhouseUrl: string
  workerUrl: string
  /** Folder that has `export` and, as CSV and NDJSON, `export-csv` and `export-ndjson`. */
  folder: string
}

/** Values of `{name:Type}` and `:name`. */
const PARAMETERS: Readonly<Record<string, string>> = {
  source: 'shop',
  from: '2026-11-01 00:00:00',
  to: '2026-12-01 00:00:00',
  user: 'u-17',
  person: 'u-17',
  event: 'Order Completed',
}

/** What stands before a fragment, by the mark `given`. */
const GIVENS: Readonly<Record<string, string>> = {
  'files of the lake': "SELECT * FROM read_parquet('export/events/**/*.parquet', hive_partitioning = true)",
  'rows of events': 'SELECT * FROM events FINAL',
}

/** What is wrong with a block: the first statement that fails. */
export async function checkSql(block: Block, world: SqlWorld): Promise<Finding[]> {
  const { given = '', engine } = block.marks
  if (given !== '' && !(given in GIVENS))
    throw new Error(`${placeOf(block)}: there is no "${given}" in sql.ts`)
  const sql = localize(`${GIVENS[given] ?? ''}\n${block.code}`, world)
  try {
    if (engine === 'duckdb') await askDuckDb(sql)
    else for (const statement of splitStatements(sql)) await askClickHouse(statement, world)
    return []
  } catch (error) {
    return [{ place: placeOf(block), message: error instanceof Error ? error.message : String(error) }]
  }
}

/** Statements end with `;` at the end of a line. */
function splitStatements(sql: string): string[] {
  return sql
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replaceAll(/^--.*$/gm, '').trim() !== '')
}

async function askClickHouse(statement: string, { clickhouseUrl }: SqlWorld): Promise<void> {
  const url = new URL(clickhouseUrl)
  url.searchParams.set('database', 'millrace')
  url.searchParams.set('default_format', 'JSONEachRow')
  for (const [name, value] of Object.entries(PARAMETERS)) url.searchParams.set(`param_${name}`, value)
  const body = statement.replaceAll(/(?<![:\w]):([a-z]\w*)\b/g, (whole, name: string) =>
    name in PARAMETERS ? `'${PARAMETERS[name]}'` : whole,
  )
  const response = await fetch(url, { method: 'POST', body })
  const text = await response.text()
  if (!response.ok || /^Code: \d+/.test(text)) throw new Error(text.slice(0, 600))
}

async function askDuckDb(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.runAndReadAll(sql)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function localize(sql: string, { folder, workerUrl }: SqlWorld): string {
  return sql
    .replaceAll(/'export\/([^']*\.(csv|ndjson))'/g, `'${folder}/export-$2/$1'`)
    .replaceAll("'export/", `'${folder}/export/`)
    .replaceAll('http://127.0.0.1:8787', workerUrl)
}
