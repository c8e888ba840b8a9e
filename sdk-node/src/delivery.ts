/**
 * One batch from its first request to its settlement: the loop that carries out what the retry policy decides. Leaves to
 * others which batch, and what becomes of the counts.
 */

import type { Receipt } from '@millrace/schemas/wire'
import { type Batch, encodeBatch } from './batch.ts'
import { type Decision, decide } from './retry-policy.ts'
import type { Timers } from './timers.ts'
import type { Exchange } from './transport.ts'
import type { RetryNotice } from './types.ts'

/** How a batch ended: acknowledged, with the receipts, or given up. */
export type Settlement =
  | { ok: true; receipts: readonly Receipt[] }
  | {
      ok: false
      reason: 'refused' | 'undelivered'
      message: string
      status?: number
      collectorCode?: string
      cause?: unknown
    }

export interface DeliveryOptions {
  post: (body: string, signal: AbortSignal) => Promise<Exchange>
  timers: Timers
  now: () => number
  random: () => number
  maxRetries: number
  /** Ends everything at once: what is not delivered by then is `undelivered`. */
  signal: AbortSignal
  onRequest: () => void
  onRetry: (notice: RetryNotice) => void
}

/** A function that delivers a batch; it rejects only when an option of the caller's throws (`now`, `random`, a timer). */
export function createDelivery({
  post,
  timers,
  now,
  random,
  maxRetries,
  signal,
  onRequest,
  onRetry,
}: DeliveryOptions) {
  return async function deliver(batch: Batch): Promise<Settlement> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      onRequest()
      const exchange = await post(encodeBatch(batch, now()), signal)
      if (signal.aborted && exchange.kind === 'failure') break
      const decision = decide({ exchange, attempt, maxRetries, random: random(), now: now() })
      if (decision.action !== 'retry') return settle(decision)
      const { delayMs, message, status } = decision
      onRetry({
        attempt,
        delayMs,
        eventCount: batch.events.length,
        message,
        ...(status !== undefined && { status }),
      })
      await sleep(delayMs, timers, signal)
    }
    return {
      ok: false,
      reason: 'undelivered',
      message: 'the client was closed before they could be delivered',
    }
  }
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

/** Resolves after `delayMs`, or at once when the signal is aborted. */
function sleep(delayMs: number, timers: Timers, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = timers.after(delayMs, finish)
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })
}
