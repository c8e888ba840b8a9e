/** The cron's jobs over a real ClickHouse, on a Worker that may be gone between any two statements, or during one. */

import { type RecomputeEffects, recomputeAll, type Statements } from '@millrace/schemas/recompute'
import { keepBooks, type LedgerEffects } from '../../../consumers/src/ledger/job.ts'
import type { Random } from '../world/random.ts'

/**
 * What happens at the n-th statement, from 1. `before`: the Worker is gone before it is sent. `landed`: it is done, and the
 * Worker never hears. `silent`: it is done, and the answer never comes; whoever waits for ever does nothing more.
 */
export interface Crash {
  at: number
  how: 'before' | 'landed' | 'silent'
}

/** The Worker is gone. */
class Gone extends Error {}

/** Mutants replace it. */
export type RunRecompute = (effects: RecomputeEffects) => Promise<unknown>

/** The production job, as the cron has it. */
export const runRecompute: RunRecompute = (effects) =>
  recomputeAll(effects, { measures: [], horizons: new Map() })

/** A crash within the first statements of a job; half of the time none. */
export function drawCrash(random: Random, statements: number): Crash | undefined {
  if (random.chance(0.4)) return undefined
  return { at: random.integer(1, statements), how: random.pick(['before', 'landed', 'silent'] as const) }
}

/** Runs the recomputation. @returns statements that it came to */
export async function recomputeOnce(
  statements: Statements,
  job: RunRecompute,
  { crash, overlapSeconds }: { crash: Crash | undefined; overlapSeconds: number },
): Promise<number> {
  return survive(statements, crash, (faulty) =>
    job({
      ...faulty,
      randomId: () => crypto.randomUUID(),
      sleep: async () => {},
      // Those that were cut off on purpose need not be waited for.
      patienceMs: 0,
      overlapSeconds,
      log: () => {},
    }),
  )
}

/** As six minutes do: a run that has begun and was cut off keeps the next ones from beginning for so long. */
const FORGET_RUNNING = `INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'running', toDateTime64(0, 3, 'UTC'), 0, 0`

/** Runs the job that keeps the books. @returns statements that it came to */
export async function keepBooksOnce(
  statements: Statements,
  bucket: LedgerEffects['bucket'],
  crash: Crash | undefined,
): Promise<number> {
  await statements.run(FORGET_RUNNING)
  return survive(statements, crash, (faulty) =>
    // Nobody rests: what came last is to be in the books too.
    keepBooks({ ...faulty, bucket, log: () => {}, restFactor: 0 }, { sources: [], horizons: new Map() }),
  )
}

/** Runs a job until its end or that of its Worker. */
async function survive(
  { run, read }: Statements,
  crash: Crash | undefined,
  job: (statements: Statements) => Promise<unknown>,
): Promise<number> {
  let count = 0
  let fall = () => {}
  const silence = new Promise<void>((resolve) => {
    fall = resolve
  })
  const guard = async <T>(act: () => Promise<T>): Promise<T> => {
    count += 1
    const isNow = crash !== undefined && count >= crash.at
    if (isNow && (crash.how === 'before' || count > crash.at)) throw new Gone()
    const value = await act()
    if (!isNow) return value
    if (crash.how === 'landed') throw new Gone()
    fall()
    return new Promise<never>(() => {})
  }
  const ended = job({
    run: (sql, parameters) => guard(() => run(sql, parameters)),
    read: (sql, parameters) => guard(() => read(sql, parameters)),
  } as Statements).catch((error: unknown) => {
    if (!(error instanceof Gone) && crash === undefined) throw error
  })
  await Promise.race([ended, silence])
  return count
}
