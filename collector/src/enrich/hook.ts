/** Calls the user's own `enrich` so that nothing it does can lose the event, hold the batch up or reach another event. */

import type { EnrichHook, HookEvent, HookRequest, JsonObject } from '@millrace/schemas'
import {
  byteLength,
  encodeJson,
  exceedsNesting,
  MAX_EVENT_BYTES,
  MAX_ID_LENGTH,
  MAX_NAME_LENGTH,
  MAX_NESTING,
} from '@millrace/schemas'
import { dropPrototypeKeys, mayHavePrototypeKeys } from '../accept/prototype-keys.ts'
import { isObject } from '../json-object.ts'

/** Options of {@link runHook}. */
export interface RunHookOptions {
  /** How long a hook that gives a promise may take. Default 200. */
  timeoutMs?: number
  log: (record: Record<string, unknown>) => void
}

/** What came of a hook. `failed` means that the event is to be stored as it was; it is logged already. */
export type HookOutcome =
  | { kind: 'event'; event: HookEvent }
  | { kind: 'left_out' }
  | { kind: 'failed'; error: string }

/** Default of {@link RunHookOptions.timeoutMs}. Source: the promise of `EnrichHook`. */
const HOOK_TIMEOUT_MS = 200

/** Names of errors that are logged: a hook may put anything into one, personal data too. */
const ERROR_NAME = /^[A-Z][A-Za-z]{0,63}$/

const OBJECT_FIELDS = ['properties', 'traits', 'context'] as const

/**
 * Fields of text that a hook may change, and their limits in UTF-16 units. `event` is none of them: the warehouse knows an
 * event again by its name among others, and a hook that answers once and fails when the batch is sent again would store
 * it twice.
 */
const TEXT_FIELDS = {
  name: MAX_NAME_LENGTH,
  category: MAX_NAME_LENGTH,
  userId: MAX_ID_LENGTH,
  anonymousId: MAX_ID_LENGTH,
  groupId: MAX_ID_LENGTH,
} as const

type TextField = keyof typeof TEXT_FIELDS

/** Fields without which an event of the type cannot be stored. Source: the event schemas. */
const REQUIRED: Partial<Record<HookEvent['type'], TextField>> = {
  group: 'groupId',
  alias: 'userId',
}

/** What a hook gave cannot be stored. The message is ours, with nothing of what it gave. */
class HookFault extends Error {
  override readonly name = 'HookFault'
}

/**
 * Calls the hook with copies of the event and the request. Never rejects, and no promise of the hook is left unhandled.
 * A hook that gives no promise costs no timer; one that loops for ever without awaiting cannot be stopped. Of what it
 * throws, the log has the name of the error alone; of what it gives that cannot be stored, what is wrong with it.
 *
 * @returns for `event`: the fields that a hook may change, as plain JSON, and as they were `type`, `messageId`, `timestamp`
 * and the name (`event`), whatever the hook made of them. Fields of text that it took away are `undefined`, so that
 * spreading the answer over the event takes them away there too
 */
export async function runHook(
  hook: EnrichHook,
  event: HookEvent,
  request: HookRequest,
  { timeoutMs = HOOK_TIMEOUT_MS, log }: RunHookOptions,
): Promise<HookOutcome> {
  try {
    const copy = structuredClone({ event, request })
    const answer: unknown = hook(copy.event, copy.request)
    return readAnswer(isThenable(answer) ? await withTimeout(answer, timeoutMs) : answer, event)
  } catch (thrown) {
    const error = describe(thrown)
    const { source } = request
    log({ level: 'error', event: 'hook_failed', source, messageId: event.messageId, error })
    return { kind: 'failed', error }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false
  return typeof (value as { then?: unknown }).then === 'function'
}

function withTimeout(answer: PromiseLike<unknown>, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new HookFault(`the hook took over ${timeoutMs} ms`))
    const timer = setTimeout(giveUp, timeoutMs)
    const clear = () => clearTimeout(timer)
    // Both outcomes are taken even after the timer, so that a late rejection is not an unhandled one.
    Promise.resolve(answer).then(resolve, reject).then(clear, clear)
  })
}

/** Reads what the hook gave; throws with the reason when it cannot be stored. Its getters run here, too. */
function readAnswer(answer: unknown, before: HookEvent): HookOutcome {
  if (answer === null) return { kind: 'left_out' }
  if (typeof answer !== 'object' || Array.isArray(answer)) {
    throw new HookFault(`the hook must give an event or null, got ${kindOf(answer)}`)
  }
  const given = answer as Record<string, unknown>
  const texts = readTexts(given)
  checkRequired(texts, before)
  const objects = readObjects(given, byteLength(encodeJson(texts)))
  const { type, messageId, timestamp, event } = before
  return { kind: 'event', event: { type, messageId, timestamp, event, ...texts, ...objects } }
}

type Texts = Record<TextField, string | undefined>

function readTexts(given: Record<string, unknown>): Texts {
  const entries = Object.entries(TEXT_FIELDS).map(([field, maxLength]) => {
    const value = given[field]
    if (value === undefined) return [field, undefined]
    if (typeof value === 'string' && value !== '' && value.length <= maxLength) {
      return [field, value.toWellFormed()]
    }
    throw new HookFault(`${field} must be 1 to ${maxLength} characters, or undefined, got ${kindOf(value)}`)
  })
  return Object.fromEntries(entries) as Texts
}

function checkRequired(texts: Texts, before: HookEvent): void {
  const field = REQUIRED[before.type]
  if (field !== undefined && texts[field] === undefined) {
    throw new HookFault(`a hook must not take ${field} from an event of type ${before.type}`)
  }
  const hadIdentity = before.userId !== undefined || before.anonymousId !== undefined
  if (hadIdentity && texts.userId === undefined && texts.anonymousId === undefined) {
    throw new HookFault('a hook must leave a userId or an anonymousId')
  }
}

type Objects = Record<(typeof OBJECT_FIELDS)[number], JsonObject>

/** By way of JSON text: what comes back is plain, cannot change any more, and is what the consumers would read. */
function readObjects(given: Record<string, unknown>, textBytes: number): Objects {
  const found = OBJECT_FIELDS.map((field) => {
    const value = given[field]
    if (isObject(value)) return [field, value]
    throw new HookFault(`${field} must be an object, got ${kindOf(value)}`)
  })
  const text = encodeJson(Object.fromEntries(found))
  const bytes = byteLength(text) + textBytes
  if (bytes > MAX_EVENT_BYTES) {
    throw new HookFault(`an event may be at most ${MAX_EVENT_BYTES} bytes, the hook made it ${bytes}`)
  }
  const objects: unknown = JSON.parse(text)
  if (mayHavePrototypeKeys(text)) dropPrototypeKeys(objects)
  if (exceedsNesting(objects, MAX_NESTING)) {
    throw new HookFault(`an event may nest at most ${MAX_NESTING} levels deep`)
  }
  // A `toJSON` may have made something else of an object.
  const plain = objects as Record<string, unknown>
  for (const field of OBJECT_FIELDS) {
    if (!isObject(plain[field])) throw new HookFault(`${field} must be an object in JSON`)
  }
  return plain as Objects
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'string' ? `text of ${value.length} characters` : `a value of type ${typeof value}`
}

/** Which kind of error it was; itself safe from what was thrown. */
function describe(thrown: unknown): string {
  try {
    if (thrown instanceof HookFault) return thrown.message
    if (!(thrown instanceof Error)) return `the hook threw ${kindOf(thrown)}`
    const { name } = thrown
    return ERROR_NAME.test(name) ? name : 'Error'
  } catch {
    // A proxy, or a getter that throws.
    return 'the hook threw something that cannot be read'
  }
}
