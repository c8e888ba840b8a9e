/** Applies the ClickHouse migrations of `schemas/migrations` to a server, over its HTTP interface. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@clickhouse/client'
import {
  type AppliedMigration,
  applyMigrations,
  type Migration,
  parseMigrationFile,
} from '@millrace/schemas/migrations'
import { ROOT } from './root.ts'

/** Name of the database; the outside contract fixes it. */
export const DATABASE = 'millrace'

const FOLDER = join(ROOT, 'schemas/migrations')

/** The migrations of this release, in order of their files' names. */
export function readMigrations(): Migration[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'))
  return names.sort().map((name) => parseMigrationFile(name, readFileSync(join(FOLDER, name), 'utf8')))
}

/**
 * Makes the database and applies what is missing in it.
 *
 * @returns names of the migrations applied now
 * @throws Error as `applyMigrations`, or the client's
 */
export async function migrate(
  url: string,
  migrations: readonly Migration[] = readMigrations(),
): Promise<string[]> {
  const client = createClient({ url })
  const database = { http_headers: { 'X-ClickHouse-Database': DATABASE } }
  try {
    await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${DATABASE}` })
    return await applyMigrations(migrations, {
      execute: async (statement) => {
        await client.command({ query: statement, ...database })
      },
      readApplied: async () => {
        const query = 'SELECT version, name, checksum FROM migrations FINAL ORDER BY version'
        const result = await client.query({ query, format: 'JSONEachRow', ...database })
        return result.json<AppliedMigration>()
      },
      record: async (applied) => {
        await client.insert({ table: `${DATABASE}.migrations`, values: [applied], format: 'JSONEachRow' })
      },
    })
  } finally {
    await client.close()
  }
}
