/** What the cron does for the lake, in this order: publishes, takes forgotten persons out, holds the manifest to what is there. */

import { PARTS_PREFIX } from '@millrace/schemas/lake'
import type { Statements } from '@millrace/schemas/recompute'
import { hasOpenFolders, readForgotten, rewriteForgotten } from './forget.ts'
import { createForgottenTest } from './forgotten-rows.ts'
import { type LeaseEffects, withLease } from './lease.ts'
import { type PublishEffects, type PublishOptions, publishLake } from './publish.ts'
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

/** Milliseconds of a day, in the first minutes of which manifests are held to what is there. */
const DAY_MS = 24 * 3_600_000
const SWEEP_MINUTES_MS = 2 * 60_000

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
  if (!(await hasWork(effects, startedAt))) return
  await withLease(effects, async () => {
    const forgotten = await readForgotten(effects)
    const tests = new Map([...forgotten].map(([source, hashes]) => [source, createForgottenTest(hashes)]))
    await publishLake({ ...effects, keep: (source, batch) => tests.get(source)?.(batch) }, options)
    await rewriteForgotten(effects, startedAt + endMs)
    if (isTimeToSweep(startedAt)) await sweepLake(effects)
  })
}

/** Most minutes of a small site have nothing to do, and to take the lease is two writes. */
async function hasWork({ bucket, read }: LakeJobEffects, startedAt: number): Promise<boolean> {
  if (isTimeToSweep(startedAt)) return true
  const { objects } = await bucket.list({ prefix: `${PARTS_PREFIX}source=`, limit: 1 })
  return objects.length > 0 || (await hasOpenFolders({ read }))
}

function isTimeToSweep(startedAt: number): boolean {
  return startedAt % DAY_MS < SWEEP_MINUTES_MS
}

/** Holds the manifest of each source to what is there. */
export async function sweepLake(effects: Pick<PublishEffects, 'bucket' | 'now' | 'log'>): Promise<void> {
  for (const source of await listSources(effects.bucket)) await sweepSource(effects, source)
}
