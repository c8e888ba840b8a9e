/** Sees to it that nobody who is forgotten comes back with a database that was loaded before that. */

import { sweepForgotten } from '@millrace/schemas/recompute'
import type { Database } from './databases.ts'
import { readOne } from './databases.ts'

/**
 * Copies the list of the forgotten, and where it has grown since the last time deletes what came of them. Idempotent.
 *
 * @returns whether it has grown
 */
export async function copyForgotten(from: Database, to: Database): Promise<boolean> {
  const missing = `FROM ${from.name}.forgotten FINAL WHERE (source, id_hash) NOT IN (SELECT source, id_hash FROM ${to.name}.forgotten)`
  const { count } = await readOne<{ count: string }>(to, `SELECT count() AS count ${missing}`)
  if (Number(count) === 0) return false
  await to.run(`INSERT INTO ${to.name}.forgotten SELECT * ${missing}`)
  return true
}

/** Deletes what names a forgotten person, however long ago it was inserted; the next recomputation does the rest. */
export async function sweepAll(database: Database): Promise<void> {
  const id = crypto.randomUUID()
  // Begun, so that the next run takes its work over.
  await database.run("INSERT INTO recompute_work (run, kind) SELECT {id:String}, 'begun'", { id })
  await sweepForgotten(database, { id, since: '1970-01-01 00:00:00.000' })
}
