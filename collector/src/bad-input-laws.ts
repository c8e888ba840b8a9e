/** What holds for every answer of the collector, whatever was sent: the laws that bad input must not break. */

import type { BatchAnswer, Envelope, ErrorAnswer } from '@millrace/schemas'
import { byteLength, decodeEnvelope, EVENT_SCHEMAS, MAX_ENVELOPE_BYTES, REASONS } from '@millrace/schemas'
import { isErrorCode, type Outcome, STATUS_OF } from './bad-input-cases.ts'
import type { createCollector, PostInit } from './fakes.ts'

/** An answer as a client sees it, and what the collector had done by then. */
export interface Exchange {
  status: number
  headers: Headers
  text: string
  /** Envelopes as they were made durable. */
  envelopes: string[]
  logged: Record<string, unknown>[]
}

/** What the batch of a request held. */
export interface Sent {
  /** Elements of the batch, when the request is taken. */
  count: number
  /** Ids of the events that must be stored, when the request is taken. */
  goodIds: readonly string[]
}

/** Sends a request and reads the answer whole. */
export async function exchange(
  { app, texts, logged }: ReturnType<typeof createCollector>,
  { path = '/v1/batch', ...init }: PostInit,
): Promise<Exchange> {
  const response = await app.request(path, { method: 'POST', ...init })
  // Not by `text()`: the runtime remarks on each image that is read so.
  const text = new TextDecoder().decode(await response.arrayBuffer())
  return { status: response.status, headers: response.headers, text, envelopes: texts, logged }
}

/** Every law that an exchange over a batch broke, in words; empty when all hold. */
export function findFaults(seen: Exchange, sent: Sent): string[] {
  const faults = [...findLogFaults(seen), ...findAnswerFaults(seen)]
  const isTaken = seen.status === 200
  if (!isTaken && seen.envelopes.length > 0) faults.push('a refused request was enqueued')
  const { envelopes, faults: envelopeFaults } = readEnvelopes(seen)
  faults.push(...envelopeFaults)
  if (isTaken) faults.push(...findLedgerFaults(readReceipts(seen.text), envelopes, sent))
  return faults
}

/** Envelopes as a consumer gets them, and every law that one of them broke. */
export function readEnvelopes({ envelopes: texts }: Pick<Exchange, 'envelopes'>): {
  envelopes: Envelope[]
  faults: string[]
} {
  const faults: string[] = []
  const envelopes = texts.flatMap((text) => {
    const decoded = decodeEnvelope(text)
    if (!decoded.ok) faults.push(`an envelope cannot be read: ${decoded.message}`)
    if (byteLength(text) > MAX_ENVELOPE_BYTES) faults.push(`an envelope has ${byteLength(text)} bytes`)
    return decoded.ok ? [decoded.envelope] : []
  })
  faults.push(...envelopes.flatMap(findEnvelopeFaults))
  if ('polluted' in {}) faults.push('Object.prototype was changed')
  return { envelopes, faults }
}

/** Every way in which an answer differs from an outcome that concerns the elements at `indexes`; empty when it does not. */
export function findOutcomeFaults(
  { status, text }: Pick<Exchange, 'status' | 'text'>,
  outcome: Outcome,
  indexes: readonly number[],
): string[] {
  const expected = isErrorCode(outcome) ? `${STATUS_OF[outcome]} ${outcome}` : '200 undefined'
  const found = `${status} ${parseObject(text)?.['code']}`
  if (found !== expected) return [`expected ${expected}, got ${found}: ${text.slice(0, 200)}`]
  const reasons = readReceipts(text).map(({ index, reason }) => `${index} ${reason}`)
  const isSilent = isErrorCode(outcome) || outcome === 'stored'
  const due = isSilent ? [] : indexes.map((index) => `${index} ${outcome}`)
  if (reasons.join() !== due.join()) return [`expected receipts [${due.join()}], got [${reasons.join()}]`]
  return []
}

/**
 * The laws that hold for every JSON answer: a documented status, a documented shape, readable by a browser.
 *
 * @param documented status of the answer where the description names another than that of its code
 */
export function findAnswerFaults(
  { status, headers, text }: Pick<Exchange, 'status' | 'headers' | 'text'>,
  documented?: number,
): string[] {
  const faults: string[] = []
  if (headers.get('access-control-allow-origin') === null) faults.push('a browser may not read the answer')
  const answer = parseObject(text)
  if (answer === undefined) return [...faults, `the answer is no JSON object: ${text.slice(0, 80)}`]
  if (!isWellFormed(answer)) faults.push('the answer has lone surrogates')
  if (status === 200) return faults
  const { success, code, message, ...rest } = answer as unknown as ErrorAnswer
  if ((documented ?? STATUS_OF[code]) !== status) faults.push(`the status of ${code} is not ${status}`)
  if (success !== false || typeof message !== 'string' || Object.keys(rest).length > 0) {
    faults.push(`the answer is no ErrorAnswer: ${text.slice(0, 80)}`)
  }
  const isLater = status === 429 || status === 503
  if (isLater !== (headers.get('retry-after') !== null)) faults.push('Retry-After is wrong')
  return faults
}

/** Only faults of ours are logged as errors; a hook that cannot have its way is the source's own. */
export function findLogFaults({ logged }: Pick<Exchange, 'logged'>): string[] {
  return logged
    .filter(({ level, event }) => level === 'error' && event !== 'hook_failed')
    .map((record) => `logged ${JSON.stringify(record)}`)
}

/** Receipts of an answer. */
export function readReceipts(text: string): NonNullable<BatchAnswer['receipts']> {
  return (parseObject(text) as BatchAnswer | undefined)?.receipts ?? []
}

function findEnvelopeFaults({ events, quarantined, omitted, ...head }: Envelope): string[] {
  const faults: string[] = []
  // The text of a refused event is kept as it came, and stands apart as text.
  const kept = [head, events, omitted, quarantined]
  if (!kept.every(isWellFormed)) faults.push('an envelope has lone surrogates')
  if (kept.some(hasPrototypeKey)) faults.push('an envelope has a prototype key')
  for (const event of events) {
    const result = EVENT_SCHEMAS[event.type].safeParse(event)
    if (!result.success) faults.push(`a stored event is not valid: ${result.error.issues[0]?.message}`)
    if (!Number.isSafeInteger(event.timestamp)) faults.push(`a stored event has the time ${event.timestamp}`)
    if (event.messageId === undefined || event.messageId === '') faults.push('a stored event has no id')
  }
  return faults
}

/** Every element is stored, quarantined or left out, once; the answer names all that are not stored, in order. */
function findLedgerFaults(
  receipts: NonNullable<BatchAnswer['receipts']>,
  envelopes: readonly Envelope[],
  { count, goodIds }: Sent,
): string[] {
  const faults: string[] = []
  const events = envelopes.flatMap((envelope) => envelope.events)
  const refused = envelopes.flatMap(({ quarantined, omitted }) => [...quarantined, ...omitted])
  if (events.length + refused.length !== count) {
    faults.push(`${count} were sent, ${events.length} stored and ${refused.length} refused`)
  }
  const told = receipts.map(({ index, reason, messageId }) => `${index} ${reason} ${messageId}`)
  const kept = refused
    .toSorted((one, other) => one.index - other.index)
    .map(({ index, reason, messageId }) => `${index} ${reason} ${messageId}`)
  if (told.join('\n') !== kept.join('\n')) faults.push(`told ${told.join(', ')}; kept ${kept.join(', ')}`)
  if (!receipts.every(({ reason, message }) => REASONS.includes(reason) && message !== '')) {
    faults.push('a receipt is not of the documented shape')
  }
  const ids = events.map(({ messageId }) => messageId)
  for (const id of goodIds) {
    const found = events.filter(({ messageId, event }) => messageId === id && event === 'Good')
    if (found.length !== 1) faults.push(`the good event ${id} was stored ${found.length} times`)
  }
  if (new Set(ids).size !== ids.length) faults.push('two stored events have one id')
  return faults
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    // Told as a fault by the caller.
    return undefined
  }
}

/** Whether all texts and keys are valid Unicode. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, child]) => key.isWellFormed() && isWellFormed(child))
}

function hasPrototypeKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, child]) => {
    if (key === '__proto__') return true
    if (key === 'constructor' && typeof child === 'object' && child !== null && 'prototype' in child) {
      return Object.hasOwn(child, 'prototype')
    }
    return hasPrototypeKey(child)
  })
}
