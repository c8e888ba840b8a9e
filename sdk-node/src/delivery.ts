/**
 * One batch from its first request to its settlement: the loop that carries out what the retry policy decides, at the pace
 * that all lanes share. Leaves to others which batch, and what becomes of the counts.
 */

import type { Receipt } from '@millrace/schemas/wire'
import { encodeBatch } from './batch.ts'
import type { RetryNotice } from './news.ts'
import type { Batch } from './outbox.ts'
import type { EndRequest, Pace } from './pace.ts'
import { type Decision, decide } from './retry-policy.ts'
import { type Stop, unlessStopped } from './stop.ts'
import type { Exchange } from './transport.ts'

/** Bodies below this many characters are sent as they are: gzip would save less than a packet. */
const MIN_GZIP_LENGTH = 1_024

/** How a batch ended: acknowledged, with the receipts, or not. `cut` means that the client stopped it. */
export type Settlement =
  | { ok: true; receipts: readonly Receipt[] }
  | {
      ok: false
      reason: 'refused' | 'undelivered' | 'cut'
      message: string
      status?: number
      collectorCode?: string
      cause?: unknown
    }

export interface DeliveryOptions {
  post: (body: string | ArrayBuffer) => Promise<Exchange>
  /** Gzip of a text; nothing where bodies are sent as they are. */
  gzip: ((text: string) => Promise<ArrayBuffer>) | undefined
  pace: Pace
  source: string | undefined
  now: () => number
  random: () => number
  maxRetries: number
  /** Ends everything at once: what is not delivered by then is `cut`. */
  stop: Stop
  onRetry: (notice: RetryNotice) => void
}

/** A function that delivers a batch; it rejects only when an option of the caller's throws (`now`, `random`, a timer). */
export function createDelivery(options: DeliveryOptions): (batch: Batch) => Promise<Settlement> {
  const { pace, stop } = options

  return async function deliver(batch) {
    for (let attempt = 1; ; attempt += 1) {
      const end = await pace.begin()
      if (end === undefined) return CUT
      const done = await tryOnce(batch, attempt, options, end)
      if ('settlement' in done) return done.settlement
      await pace.rest(done.delayMs, done.mayHurry)
      if (stop.isStopped()) return CUT
    }
  }
}

const CUT: Settlement = {
  ok: false,
  reason: 'cut',
  message: 'the client or the process ended before delivery',
}

/** What is next: nothing more, or a wait. */
type Tried = { settlement: Settlement } | { delayMs: number; mayHurry: boolean }

/** One attempt. Whatever is thrown on the way, the pace learns that it has ended. */
async function tryOnce(
  batch: Batch,
  attempt: number,
  { post, gzip, source, now, random, maxRetries, stop, onRetry }: DeliveryOptions,
  end: EndRequest,
): Promise<Tried> {
  try {
    const text = encodeBatch(batch, source, now())
    // Compressing takes a moment, in which the client may be stopped.
    const body =
      gzip === undefined || text.length < MIN_GZIP_LENGTH
        ? text
        : await unlessStopped(compress(text, gzip), stop)
    const exchange = body === undefined || stop.isStopped() ? undefined : await post(body)
    if (exchange === undefined || (stop.isStopped() && exchange.kind === 'failure')) {
      end('cut')
      return { settlement: CUT }
    }
    const decision = decide({ exchange, attempt, maxRetries, random: random(), now: now() })
    if (decision.action !== 'retry') {
      end(isAlive(decision) ? 'success' : 'failure', askedBy(decision))
      return { settlement: settle(decision) }
    }
    const { askedMs, status, message } = decision
    const delayMs = Math.max(decision.delayMs, end('failure', askedMs))
    onRetry({
      attempt,
      delayMs,
      eventCount: batch.events.length,
      message,
      ...(status !== undefined && { status }),
    })
    return { delayMs, mayHurry: askedMs === undefined }
  } catch (error) {
    end('cut')
    throw error
  }
}

/** Gzip, or the text itself where that fails: a batch that is larger than it could be is no reason to lose it. */
async function compress(
  text: string,
  gzip: (text: string) => Promise<ArrayBuffer>,
): Promise<string | ArrayBuffer> {
  try {
    return await gzip(text)
  } catch {
    // Expected of a runtime whose CompressionStream is a stub.
    return text
  }
}

/** Whether somebody works behind the answer: one that says anything but "later" shows it. */
function isAlive(decision: Exclude<Decision, { action: 'retry' }>): boolean {
  return decision.action === 'settle' || decision.reason === 'refused'
}

/** What the collector asked for with its last answer. */
function askedBy(decision: Exclude<Decision, { action: 'retry' }>): number | undefined {
  return decision.action === 'drop' ? decision.askedMs : undefined
}

function settle(decision: Exclude<Decision, { action: 'retry' }>): Settlement {
  if (decision.action === 'settle') return { ok: true, receipts: decision.receipts }
  const { reason, message, status, collectorCode, cause } = decision
  return {
    ok: false,
    reason,
    message,
    cause,
    ...(status !== undefined && { status }),
    ...(collectorCode !== undefined && { collectorCode }),
  }
}
