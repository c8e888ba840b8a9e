/**
 * The data of a ClickHouse that has just been migrated. The first of a run of tests makes it, the others copy it, which takes
 * a tenth of the time. Outside of such a run, in a benchmark say, there is none, and everybody migrates.
 */

import { cpSync, existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startClickHouse } from '../../local/src/clickhouse/process.ts'
import { migrate } from '../../local/src/migrate.ts'

/** Environment variable with the folder that a run of tests keeps the data in. */
const FOLDER_VARIABLE = 'MILLRACE_TEST_DATA'

/** Global setup of vitest: makes the folder for the tests that follow. Returns what removes it. */
export default async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-migrated-'))
  process.env[FOLDER_VARIABLE] = folder
  return () => rm(folder, { recursive: true, force: true })
}

/**
 * Puts the data at a path that does not exist yet or is empty. `migrate` is still to be called: it finds nothing to do, or
 * does it all.
 */
export async function copyMigratedData(dataPath: string): Promise<void> {
  const folder = process.env[FOLDER_VARIABLE]
  if (folder === undefined) return
  const made = join(folder, 'clickhouse')
  if (!existsSync(made)) await make(folder, made)
  // The links of ClickHouse are relative, and stay so.
  cpSync(made, dataPath, { recursive: true, verbatimSymlinks: true })
}

async function make(folder: string, path: string): Promise<void> {
  const dataPath = await mkdtemp(join(folder, 'making-'))
  const clickhouse = await startClickHouse({ dataPath, port: 0 })
  try {
    await migrate(clickhouse.url)
  } finally {
    await clickhouse.stop()
  }
  // Whole or not at all. Another worker may have been faster; its data are as good.
  await rename(dataPath, path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    await rm(dataPath, { recursive: true })
  })
}
