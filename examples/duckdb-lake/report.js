import { readFile } from 'node:fs/promises'
import { DuckDBInstance } from '@duckdb/node-api'

const sql = await readFile(new URL('report.sql', import.meta.url), 'utf8')

const connection = await (await DuckDBInstance.create()).connect()
const statements = await connection.extractStatements(sql)
for (let i = 0; i < statements.count; i++) {
  const prepared = await statements.prepare(i)
  const reader = await prepared.runAndReadAll()
  if (reader.columnCount > 0 && reader.currentRowCount > 0) console.table(reader.getRowObjectsJson())
}
