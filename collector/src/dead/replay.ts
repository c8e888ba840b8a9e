/**
 * Sends dead letters back to the queue `events`, and parts back to where the lake looks for them. An object is removed only
 * once what was in it is elsewhere: a crash in between leaves it, and sending it twice is harmless.
 */

import { groupForSending, parseDeadPartKey } from '@millrace/schemas'
import { withinDeadline } from '../deadline.ts'
import type { EventQueue } from '../enqueue.ts'
import { askBucket, type DeadBucket, STEP_TIMEOUT_MS } from './bucket.ts'
import { findLetter } from './read.ts'

/** Options of {@link replayDeadLetters}. */
export interface ReplayOptions {
  bucket: Pick<DeadBucket, 'get' | 'put' | 'delete'>
  queue: Pick<EventQueue, 'sendBatch'>
  /** Whose letters; those of others are not found. */
  source: string
  keys: readonly string[]
  /** Milliseconds. */
  now: () => number
  /** Nothing more is begun after so many milliseconds. Default 20,000: a client waits for the answer. */
  budgetMs?: number
}

/** What became of one letter. */
export interface ReplayResult {
  key: string
  status: 'replayed' | 'not_found' | 'failed'
  /** Why it failed, one sentence. */
  error?: string
}

const BUDGET_MS = 20_000

/** Letters that are in memory together: at 128 KB each, 2.5 MB. */
const WAVE_LETTERS = 20

/** Reads at once; a Worker has six connections. */
const MAX_READS = 5

interface Sendable {
  key: string
  body: string
}

/**
 * One result for each key, in order. After the queue failed once it is not asked again: the letters that are left failed
 * for the same reason. Never rejects.
 */
export async function replayDeadLetters(options: ReplayOptions): Promise<ReplayResult[]> {
  const { keys, now, budgetMs = BUDGET_MS } = options
  const endsAt = now() + budgetMs
  const results = new Map<string, ReplayResult>()
  const unique = [...new Set(keys)]
  let stopped: string | undefined
  for (let start = 0; start < unique.length; start += WAVE_LETTERS) {
    const wave = unique.slice(start, start + WAVE_LETTERS)
    if (now() >= endsAt) stopped ??= 'there was no time left for it; ask again'
    if (stopped === undefined) stopped = await replayWave(options, wave, results)
    else for (const key of wave) results.set(key, failed(key, stopped))
  }
  return unique.map((key) => results.get(key) ?? failed(key, 'it was not tried'))
}

/** @returns why the queue takes no more, or `undefined` */
async function replayWave(
  options: ReplayOptions,
  keys: readonly string[],
  results: Map<string, ReplayResult>,
): Promise<string | undefined> {
  const sendable: Sendable[] = []
  for (let start = 0; start < keys.length; start += MAX_READS) {
    const few = keys.slice(start, start + MAX_READS)
    for (const prepared of await Promise.all(few.map((key) => prepare(options, key)))) {
      if ('body' in prepared) sendable.push(prepared)
      else results.set(prepared.key, prepared)
    }
  }
  let stopped: string | undefined
  for (const group of groupForSending(sendable)) {
    stopped ??= await send(options, group)
    const error = stopped ?? (await remove(options, group))
    for (const { key } of group) {
      results.set(key, error === undefined ? { key, status: 'replayed' } : failed(key, error))
    }
  }
  return stopped
}

/** The text to send, or what became of a letter that is not sent: a part is moved right away. */
async function prepare(options: ReplayOptions, key: string): Promise<Sendable | ReplayResult> {
  const { bucket, source } = options
  try {
    if (parseDeadPartKey(key) !== undefined) return await movePart(options, key)
    const found = await findLetter(bucket, source, key)
    if (found === undefined) return { key, status: 'not_found' }
    const { opened } = found
    // It would be back at once.
    if (!opened.decoded.ok) return failed(key, `no Worker here can read it: ${opened.decoded.message}`)
    return { key, body: opened.body }
  } catch (error) {
    return failed(key, describe(error))
  }
}

async function movePart({ bucket, source }: ReplayOptions, key: string): Promise<ReplayResult> {
  const part = parseDeadPartKey(key)
  if (part?.source !== source) return { key, status: 'not_found' }
  const object = await askBucket(bucket.get(key))
  if (object === null) return { key, status: 'not_found' }
  // What was noted when it was put aside is left behind; what the part knew of itself goes along.
  const { source: _source, error: _error, ...customMetadata } = object.customMetadata ?? {}
  await askBucket(bucket.put(part.partKey, object.body, { customMetadata }))
  await askBucket(bucket.delete([key]))
  return { key, status: 'replayed' }
}

/** @returns why it failed, or `undefined` */
async function send({ queue }: ReplayOptions, group: readonly Sendable[]): Promise<string | undefined> {
  const messages = group.map(({ body }) => ({ body, contentType: 'text' as const }))
  try {
    await withinDeadline(queue.sendBatch(messages), 'the queue', STEP_TIMEOUT_MS)
    return undefined
  } catch (error) {
    return describe(error)
  }
}

/** @returns why it failed, or `undefined` */
async function remove({ bucket }: ReplayOptions, group: readonly Sendable[]): Promise<string | undefined> {
  try {
    await askBucket(bucket.delete(group.map(({ key }) => key)))
    return undefined
  } catch (error) {
    return `it is on the queue again, but could not be removed: ${describe(error)}`
  }
}

function failed(key: string, error: string): ReplayResult {
  return { key, status: 'failed', error }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
