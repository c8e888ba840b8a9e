/** Brings a ClickHouse on this machine to the schema of `schemas/migrations`, over its HTTP interface. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Migration,
  migrateWarehouse,
  parseMigrationFile,
  type RunStatement,
  type SourceRetention,
} from '@millrace/schemas/migrations'
import { REPOSITORY } from './places.ts'

/** Name of the database; the outside contract fixes it. */
export const DATABASE = 'millrace'

/** Options of {@link migrate}. */
export interface MigrateOptions {
  /** Default: those of this release. */
  migrations?: readonly Migration[]
  /** How long rows of each source are kept. Default: for ever. */
  retention?: readonly SourceRetention[]
}

/**
 * The migrations of this release, in order of their files' names.
 *
 * @param folder absolute path; default: that of the repository
 */
export function readMigrations(folder: string = REPOSITORY.migrationsPath): Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  return names.sort().map((name) => parseMigrationFile(name, readFileSync(join(folder, name), 'utf8')))
}

/**
 * Makes the database and applies what is missing in it. What would lose data is done without a question: it is local.
 *
 * @returns what was done, in lines for a person
 * @throws Error as `migrateWarehouse`
 */
export async function migrate(
  url: string,
  { migrations = readMigrations(), retention = [] }: MigrateOptions = {},
): Promise<string[]> {
  const done: string[] = []
  const target = { database: DATABASE, user: 'default', password: '' }
  await migrateWarehouse(
    { migrations, target, retention },
    {
      run: createRun(url, DATABASE),
      runOutside: createRun(url, ''),
      confirm: async () => true,
      onDone: (step) => {
        done.push(
          step.kind === 'migration'
            ? `applied migration ${step.name}`
            : `set the retention of ${step.table}: ${step.rules}`,
        )
      },
    },
  )
  return done
}

/** Runs statements in a database; '' is none in particular. */
export function createRun(url: string, database: string): RunStatement {
  const target = `${url}/?database=${database}&default_format=JSONEachRow&wait_end_of_query=1`
  return async (sql) => {
    const response = await fetch(target, { method: 'POST', body: sql })
    const text = await response.text()
    if (!response.ok) throw new Error(text.trim())
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }
}
