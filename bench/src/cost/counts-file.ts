/** The counts of a run, kept so that they can be priced anew when a price or a setting changes. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../../../scripts/setup.mjs'
import type { Runs } from './all-runs.ts'

/** Variable with the file whose counts are to be priced, instead of counting. */
export const COUNTS_VAR = 'MILLRACE_COST_COUNTS'

/** Where the counts of a run are written; tests of the bench write theirs elsewhere. */
const COUNTS = join(process.env['MILLRACE_BENCH_RESULTS'] ?? join(ROOT, 'bench/results'), 'cost-counts.json')

/**
 * Gives the counts of the file that is named, or counts and keeps them.
 *
 * @param path of the file. Default: what {@link COUNTS_VAR} says
 * @throws {Error} when there is no such file
 */
export async function readOrCount(
  count: () => Promise<Runs>,
  path = process.env[COUNTS_VAR],
  target = COUNTS,
): Promise<Runs> {
  if (path !== undefined) return JSON.parse(readFileSync(path, 'utf8')) as Runs
  const runs = await count()
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, `${JSON.stringify(runs, null, 1)}\n`)
  return runs
}
