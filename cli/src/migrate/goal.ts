/** Reads what a database is to be brought to: the migrations of this release, and what the configuration says of it. */

import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  type Migration,
  type MigrationTarget,
  parseMigrationFile,
  readRetention,
  type SourceRetention,
} from '@millrace/schemas/migrations'
import { loadConfig } from '../load-config.ts'
import { migrationsFolder } from '../release-files.ts'

/** What {@link readGoal} gives. */
export interface Goal {
  migrations: Migration[]
  target: MigrationTarget
  retention: SourceRetention[]
}

/**
 * Reads it.
 *
 * @param config file as typed; the cluster and how long rows are kept stand there
 * @throws UsageError when it cannot be loaded
 */
export async function readGoal(
  config: string,
  place: { database: string; user: string; password: string },
): Promise<Goal> {
  const loaded = await loadConfig(resolve(config), config)
  return {
    migrations: await readMigrations(),
    target: { ...place, cluster: loaded.warehouse?.cluster },
    retention: readRetention(loaded),
  }
}

async function readMigrations(): Promise<Migration[]> {
  const folder = migrationsFolder()
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql'))
  return Promise.all(
    names.map(async (name) => parseMigrationFile(name, await readFile(join(folder, name), 'utf8'))),
  )
}
