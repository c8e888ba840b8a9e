/** What the cron does for the lake, in this order: publishes, takes forgotten persons out, holds the manifest to what is there. */

import { PARTS_PREFIX } from '@millrace/schemas/lake'
import type { Statements } from '@millrace/schemas/recompute'
import { hasOpenFolders, readForgotten, rewriteForgotten, rewriteWritten } from './forget.ts'
import { createForgottenTest } from './forgotten-rows.ts'
import { type LeaseEffects, withLease } from './lease.ts'
import { type PublishOptions, publishLake } from './publish.ts'
import type { PublishEffects } from './publish-round.ts'
import { listSources, sweepSource } from './sweep.ts'

/** What a run works with. */
export interface LakeJobEffects
  extends Omit<PublishEffects, 'keep'>,
    Omit<LeaseEffects, 'bucket'>,
    Statements {}

/** Options of {@link runLakeJob}. */
export interface LakeJobOptions extends PublishOptions {
  /** How long a run works on what it has begun. Default 4 minutes, so that it ends before its lease. */
  endMs?: number
}

const END_MS = 4 * 60_000

/**
 * One run; does nothing while another one works. What is forgotten must be known: while the warehouse does not answer,
 * parts wait.
 *
 * @throws what ClickHouse or the bucket throws; the next run goes on
 */
export async function runLakeJob(
  effects: LakeJobEffects,
  { endMs = END_MS, ...options }: LakeJobOptions = {},
): Promise<void> {
  const { now } = effects
  const startedAt = now()
  if (!(await hasWork(effects))) return
  await withLease(effects, async ({ isHeld, before }) => {
    const forgotten = await readForgotten(effects)
    const today = new Date(startedAt).toISOString().slice(0, 10)
    // What a run wrote that failed or was cut off may not be in the manifest; once a day, all is held to what is there.
    const stale = before.sweptOn === today && before.unclean !== 'all' ? before.unclean : undefined
    const unswept = await sweepLake(effects, stale)
    const tests = new Map([...forgotten].map(([source, hashes]) => [source, createForgottenTest(hashes)]))
    const { written, failed } = await publishLake(
      { ...effects, isHeld, keep: (source, batch) => tests.get(source)?.(batch) },
      options,
    )
    await rewriteWritten({ ...effects, isHeld }, written, forgotten)
    await rewriteForgotten({ ...effects, isHeld }, startedAt + endMs)
    return { unclean: [...new Set([...failed, ...unswept])], sweptOn: today }
  })
}

/** Most minutes of a small site have nothing to do, and to take the lease is two writes. */
async function hasWork({ bucket, read }: LakeJobEffects): Promise<boolean> {
  const { objects } = await bucket.list({ prefix: `${PARTS_PREFIX}source=`, limit: 1 })
  return objects.length > 0 || (await hasOpenFolders({ read }))
}

/**
 * Holds the manifests of sources to what is there; those that fail are logged.
 *
 * @param only default all
 * @returns sources that failed
 */
export async function sweepLake(
  effects: Pick<PublishEffects, 'bucket' | 'now' | 'log'>,
  only?: readonly string[],
): Promise<string[]> {
  const failed: string[] = []
  for (const source of only ?? (await listSources(effects.bucket))) {
    try {
      await sweepSource(effects, source)
    } catch (error) {
      failed.push(source)
      effects.log({ level: 'error', event: 'sweep_failed', source, error: String(error).slice(0, 300) })
    }
  }
  return failed
}
