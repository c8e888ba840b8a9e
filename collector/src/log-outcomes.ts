/** Says in the log what became of a request: one line, of those batches that are sampled; of a fault of ours always. */

import type { Log, Route, SampledLog } from '@millrace/schemas'
import type { RequestRefusal } from './refuse.ts'

/** How outcomes are written. */
export interface OutcomeLog {
  log: Log
  logSampled: SampledLog
}

/** A request that was taken. */
export interface TakenRequest {
  source: string
  route: Route
  /** Id of its batch, as its envelopes have it. */
  batchId: string
  accepted: number
  receipts: readonly { status: 'quarantined' | 'filtered' | 'duplicate' }[]
  /** From its arrival until it was durable, milliseconds. */
  ms: number
}

/** Says that a request was taken. */
export function logTaken(
  { logSampled }: OutcomeLog,
  { source, route, batchId, accepted, receipts, ms }: TakenRequest,
): void {
  const counts = { quarantined: 0, filtered: 0, duplicate: 0 }
  for (const { status } of receipts) counts[status] += 1
  logSampled(batchId, { level: 'info', event: 'request_taken', source, route, accepted, ...counts, ms })
}

/**
 * Says that a request was refused whole. That a client is at fault is sampled as what is taken: nobody must be able to fill
 * our log.
 *
 * @param batchId that the request says to have; it was not read where it is `undefined`
 */
export function logRefused(
  { log, logSampled }: OutcomeLog,
  { status, code }: RequestRefusal,
  about: { source: string | undefined; batchId: unknown; events: number },
): void {
  const { source = '', batchId, events } = about
  const record = { event: 'request_refused', source, status, code, events }
  if (status >= 500) log({ level: 'error', ...record })
  else logSampled(typeof batchId === 'string' ? batchId : crypto.randomUUID(), { level: 'info', ...record })
}
