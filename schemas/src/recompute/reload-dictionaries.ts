/** Brings dictionaries of ClickHouse up to date with the tables that they are read from. */

import type { Statements } from './statements.ts'

/** Options of {@link reloadDictionaries}. */
export interface ReloadOptions {
  dictionaries: readonly string[]
  /** Name of the cluster whose every server has them; absent for one server. */
  cluster: string | undefined
  /** Counts as `stale` what a dictionary still says otherwise than its table. */
  staleQuery: string
  parameters: Record<string, unknown>
}

const MAX_RELOADS = 10

/**
 * Reloads until nothing is stale: a reload may give what an update that was already under way had read.
 *
 * @throws what ClickHouse throws, or Error when the dictionaries do not come to say what the tables do
 */
export async function reloadDictionaries(
  { run, read }: Pick<Statements, 'run' | 'read'>,
  { dictionaries, cluster, staleQuery, parameters }: ReloadOptions,
): Promise<void> {
  const onCluster = cluster === undefined ? '' : ` ON CLUSTER '${cluster}'`
  for (let count = 0; count < MAX_RELOADS; count++) {
    for (const dictionary of dictionaries) await run(`SYSTEM RELOAD DICTIONARY ${dictionary}${onCluster}`)
    const [row] = await read<{ stale: string }>(staleQuery, parameters)
    if (Number(row?.stale) === 0) return
  }
  throw new Error(`${dictionaries.join(' and ')} are still stale after ${MAX_RELOADS} reloads`)
}
