/**
 * Drives what the collector spilled to R2, while the queue would not take it, back to the queue: the oldest first, and
 * each object is removed only once the queue has all of its messages. Sending one twice is harmless, losing one is not.
 */

import { cutIntoGroups, groupForSending, SPILL_PREFIX, spilledAt, splitSpilled } from '@millrace/schemas'
import { withTimeout } from './timeout.ts'

/** What the job needs of an R2 bucket. Keys are listed in order, which is that of age. */
export interface SpillBucket {
  list: (options: { prefix: string; startAfter?: string }) => Promise<{
    objects: { key: string; size: number }[]
    truncated: boolean
  }>
  get: (key: string) => Promise<{ text: () => Promise<string> } | null>
  delete: (keys: string[]) => Promise<unknown>
}

/** What the job needs of the queue `events`. */
export interface SpillQueue {
  sendBatch: (messages: { body: string; contentType: 'text' }[]) => Promise<unknown>
}

/** Options of {@link drainSpill}. */
export interface DrainSpillOptions {
  bucket: SpillBucket
  queue: SpillQueue
  /** Milliseconds since 1970. */
  now: () => number
  log: (record: Record<string, unknown>) => void
  /** No object is begun after this. Default 50,000: the cron comes every minute. */
  budgetMs?: number
  /** How long a single call to queue or bucket may take. Default 5,000, as in the collector. */
  stepTimeoutMs?: number
}

const BUDGET_MS = 50_000

/** Source: DESIGN section 2. */
const STEP_TIMEOUT_MS = 5_000

/** Objects read, sent and removed together, so that the calls are shared: at most so many, and at most so many bytes. */
const WAVE_LIMITS = { maxItems: 100, maxBytes: 4 * 1024 * 1024 }

/** Reads at once; a Worker has six connections. */
const MAX_READS = 5

interface SpilledObject {
  key: string
  size: number
}

/** What a run did, and what is left. */
export interface DrainedSpill {
  /** Objects that the queue has whole by now and that are removed. */
  objects: number
  /** Messages that the queue took. */
  messages: number
  /** Objects that are left, counted up to 1,000; absent when R2 did not say. */
  left?: number
  /** Age in milliseconds of the oldest that is left; absent when there is none, or likewise. */
  oldestLeftMs?: number
  /** Why it ended before its time; absent when nothing failed. */
  error?: string
}

type Counts = Pick<DrainedSpill, 'objects' | 'messages'>

/**
 * Sends everything under `spill/` to the queue, until there is nothing left, the time is up, or something fails. Then it
 * logs one line: how many objects and messages, and how old in milliseconds the oldest is that is left. The next run goes
 * on there. Two runs at once send some messages twice and lose none. Never rejects; logs nothing when there is no spill.
 */
export async function drainSpill(options: DrainSpillOptions): Promise<DrainedSpill> {
  const { bucket, now, log, budgetMs = BUDGET_MS, stepTimeoutMs = STEP_TIMEOUT_MS } = options
  const endsAt = now() + budgetMs
  const drained: Counts = { objects: 0, messages: 0 }
  let failure: string | undefined
  let isEmpty = false
  try {
    isEmpty = await drainPages(options, drained, () => now() < endsAt)
  } catch (error) {
    failure = String(error)
  }
  if (failure === undefined && isEmpty && drained.objects === 0) return { ...drained, left: 0 }
  const left = isEmpty ? [] : await findLeft(bucket, stepTimeoutMs)
  const oldest = left?.[0]
  const error = failure === undefined ? {} : { error: failure }
  const age = oldest === undefined ? {} : { oldestLeftMs: now() - spilledAt(oldest.key) }
  log({
    level: failure === undefined ? 'info' : 'error',
    event: 'spill_drained',
    ...drained,
    ...age,
    ...error,
  })
  return { ...drained, ...(left === undefined ? {} : { left: left.length }), ...age, ...error }
}

/** @returns whether nothing is left */
async function drainPages(
  options: DrainSpillOptions,
  drained: Counts,
  hasTime: () => boolean,
): Promise<boolean> {
  const { bucket, stepTimeoutMs = STEP_TIMEOUT_MS } = options
  let startAfter: string | undefined
  while (hasTime()) {
    const from = startAfter === undefined ? {} : { startAfter }
    const page = await withTimeout(bucket.list({ prefix: SPILL_PREFIX, ...from }), stepTimeoutMs)
    for (const wave of cutIntoGroups(page.objects, ({ size }) => size, WAVE_LIMITS)) {
      if (!hasTime()) return false
      await drainWave(options, wave, drained)
    }
    if (!page.truncated) return true
    startAfter = page.objects.at(-1)?.key
  }
  return false
}

/** Sends the objects of one wave in order and removes those that are sent whole, also when a later one fails. */
async function drainWave(
  { bucket, queue, stepTimeoutMs = STEP_TIMEOUT_MS }: DrainSpillOptions,
  wave: readonly SpilledObject[],
  drained: Counts,
): Promise<void> {
  const texts = await readAll(bucket, wave, stepTimeoutMs)
  const messages = texts.flatMap((text, object) => splitSpilled(text).map((body) => ({ body, object })))
  let sentMessages = 0
  try {
    for (const group of groupForSending(messages)) {
      const batch = group.map(({ body }) => ({ body, contentType: 'text' as const }))
      await withTimeout(queue.sendBatch(batch), stepTimeoutMs)
      sentMessages += group.length
    }
  } finally {
    // The object of the first message that was not sent, and all after it, stay.
    const sentObjects = messages[sentMessages]?.object ?? wave.length
    const keys = wave.slice(0, sentObjects).map(({ key }) => key)
    if (keys.length > 0) await withTimeout(bucket.delete(keys), stepTimeoutMs)
    drained.messages += sentMessages
    drained.objects += keys.length
  }
}

/** The texts of objects, in order; that of one which another run has removed meanwhile is empty. */
async function readAll(
  bucket: SpillBucket,
  objects: readonly SpilledObject[],
  timeoutMs: number,
): Promise<string[]> {
  const read = async ({ key }: SpilledObject) => (await (await bucket.get(key))?.text()) ?? ''
  const texts: string[] = []
  for (let start = 0; start < objects.length; start += MAX_READS) {
    const few = objects.slice(start, start + MAX_READS)
    texts.push(...(await Promise.all(few.map((object) => withTimeout(read(object), timeoutMs)))))
  }
  return texts
}

/** The oldest objects, as many as one page holds, or `undefined` when R2 does not say. */
async function findLeft(bucket: SpillBucket, timeoutMs: number): Promise<SpilledObject[] | undefined> {
  try {
    return (await withTimeout(bucket.list({ prefix: SPILL_PREFIX }), timeoutMs)).objects
  } catch {
    // R2 is away: the line says so by the failure it has already, or the next run's will.
    return undefined
  }
}
