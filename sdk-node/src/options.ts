/** Options checked and completed with the platform's defaults. Knows every rule about an option and uses none of them. */

import { BATCH_PATH, IMPORT_PATH, MAX_BATCH_EVENTS, NAME_PATTERN } from '@millrace/schemas/wire'
import type { ExitSource, FetchLike, MillraceOptions, NodeOptions } from './client-options.ts'
import { kindOf } from './describe.ts'
import type { Defaults } from './event-arguments.ts'

/** Most requests under way at once: a runtime's sockets are not ours alone. */
const MAX_LANES = 100

/** Least memory for events that wait: the largest event, twice over. */
const MIN_QUEUE_BYTES = 128 * 1024

/** Every name that an entry takes; those of the spool are looked at where there is one. */
const OPTIONS: readonly string[] = [
  'writeKey',
  'secretKey',
  'endpoint',
  'source',
  'spool',
  'flushAt',
  'maxBatchEvents',
  'flushIntervalMs',
  'maxQueueBytes',
  'lanes',
  'gzip',
  'maxRetries',
  'requestTimeoutMs',
  'flushOnExit',
  'exitTimeoutMs',
  'handleSignals',
  'defaults',
  'waitUntil',
  'fetch',
  'now',
  'random',
  'randomId',
  'setTimeout',
  'clearTimeout',
  'process',
] satisfies (keyof NodeOptions)[]

/** What Segment's Node SDK calls them. */
const FORMER: Readonly<Record<string, string>> = {
  host: 'endpoint',
  flushInterval: 'flushIntervalMs',
  maxEventsInBatch: 'flushAt',
  httpRequestTimeout: 'requestTimeoutMs',
}

/** Options with nothing left open. */
export interface Settings {
  /** Full address of the batch or import route. */
  url: string
  /** Key for the `Authorization` header. */
  key: string
  /** Name of the source that the key is meant to be of; `undefined` when the caller did not say. */
  source: string | undefined
  flushAt: number
  maxBatchEvents: number
  flushIntervalMs: number
  maxQueueBytes: number
  lanes: number
  gzip: boolean
  maxRetries: number
  requestTimeoutMs: number
  exitTimeoutMs: number
  flushOnExit: boolean
  defaults: (() => Defaults | undefined) | undefined
  waitUntil: ((promise: Promise<unknown>) => void) | undefined
  fetch: FetchLike
  now: () => number
  random: () => number
  randomId: () => string
  setTimeout: (callback: () => void, delayMs: number) => unknown
  clearTimeout: (handle: unknown) => void
  /** Absent where there is none. */
  process: ExitSource | undefined
}

/**
 * Settings from a caller's options.
 *
 * @throws TypeError for a value of the wrong kind, RangeError for one out of range: the option, the rule and the value
 *   (`flushAt must be an integer >= 1, got 0`). The value of a key is never part of the message.
 */
export function resolveOptions(options: MillraceOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object, got ${kindOf(options)}`)
  }
  refuseUnknown('', options, OPTIONS)
  const flushAt = integer('flushAt', options.flushAt ?? 100, 1, MAX_BATCH_EVENTS)
  return {
    ...resolveDestination(options),
    source: resolveSource(options.source),
    flushAt,
    maxBatchEvents: integer(
      'maxBatchEvents',
      options.maxBatchEvents ?? Math.max(500, flushAt),
      1,
      MAX_BATCH_EVENTS,
    ),
    flushIntervalMs: integer('flushIntervalMs', options.flushIntervalMs ?? 1_000, 0),
    maxQueueBytes: integer('maxQueueBytes', options.maxQueueBytes ?? 16 * 1024 * 1024, MIN_QUEUE_BYTES),
    lanes: integer('lanes', options.lanes ?? 1, 1, MAX_LANES),
    gzip: isTrueByDefault('gzip', options.gzip),
    maxRetries: integer('maxRetries', options.maxRetries ?? 20, 0),
    requestTimeoutMs: integer('requestTimeoutMs', options.requestTimeoutMs ?? 10_000, 1),
    exitTimeoutMs: integer('exitTimeoutMs', options.exitTimeoutMs ?? 5_000, 0),
    flushOnExit: isTrueByDefault('flushOnExit', options.flushOnExit),
    defaults: callback('defaults', options.defaults),
    waitUntil: callback('waitUntil', options.waitUntil),
    // Looked up at each request, so that an agent that wraps the global fetch later (tracing) is honoured.
    fetch: callback('fetch', options.fetch) ?? ((url, init) => globalThis.fetch(url, init)),
    now: callback('now', options.now) ?? Date.now,
    random: callback('random', options.random) ?? Math.random,
    randomId: callback('randomId', options.randomId) ?? (() => crypto.randomUUID().replaceAll('-', '')),
    setTimeout: callback('setTimeout', options.setTimeout) ?? ((run, delayMs) => setTimeout(run, delayMs)),
    clearTimeout: callback('clearTimeout', options.clearTimeout) ?? clearPlatformTimeout,
    process: sourceOf(options.process ?? globalThis.process),
  }
}

/** The process, where it tells of its end: elsewhere there may be an object of that name that does not. */
function sourceOf(process: ExitSource | undefined): ExitSource | undefined {
  return typeof process?.on === 'function' && typeof process.off === 'function' ? process : undefined
}

/**
 * Refuses a name that is none of the known ones: an option that is misspelt, or another SDK's, would do nothing.
 *
 * @param prefix of the names, `spool.`
 * @throws TypeError with the name, and the known one that is meant when only the case is wrong
 */
export function refuseUnknown(prefix: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const meant = known.find((each) => each.toLowerCase() === name.toLowerCase()) ?? FORMER[name]
    throw new TypeError(
      `there is no option ${prefix}${name}${meant === undefined ? '' : `; ${prefix}${meant} is meant`}`,
    )
  }
}

function resolveDestination(options: MillraceOptions): { url: string; key: string } {
  // A key that is null counts as absent: configuration often has one of the two.
  const [writeKey, secretKey] = [options.writeKey ?? undefined, options.secretKey ?? undefined]
  if (writeKey !== undefined && secretKey !== undefined) {
    throw new TypeError('writeKey and secretKey must not both be given')
  }
  const [name, path] = secretKey === undefined ? ['writeKey', BATCH_PATH] : ['secretKey', IMPORT_PATH]
  const key: unknown = secretKey ?? writeKey
  // Printable ASCII without a colon, because the key travels as the user name of HTTP Basic (RFC 7617, section 2).
  if (typeof key !== 'string' || !/^[\x21-\x39\x3b-\x7e]+$/.test(key)) {
    throw new TypeError(
      `${name} must be a non-empty string of ASCII characters without spaces or ":", got ${kindOf(key)}`,
    )
  }
  return { key, url: resolveEndpoint(options.endpoint) + path }
}

function resolveSource(source: unknown): string | undefined {
  if (source === undefined || (typeof source === 'string' && NAME_PATTERN.test(source))) return source
  const got = typeof source === 'string' && source !== '' ? JSON.stringify(source) : kindOf(source)
  throw new TypeError(`source must be 1 to 64 lower-case letters, digits, "_" and "-", got ${got}`)
}

/** The endpoint without trailing slashes. */
function resolveEndpoint(endpoint: unknown): string {
  const rule = 'endpoint must be an http or https address without credentials, query or fragment'
  if (typeof endpoint !== 'string') throw new TypeError(`${rule}, got ${kindOf(endpoint)}`)
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isPlain =
    url !== undefined && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search
  if (!isPlain || url.hash) throw new TypeError(`${rule}, got ${JSON.stringify(endpoint)}`)
  const path = url.pathname.replace(/\/+$/, '')
  const route = [BATCH_PATH, IMPORT_PATH].find((each) => path.endsWith(each))
  if (route === undefined) return url.origin + path
  throw new TypeError(
    `endpoint must be the collector's address without ${route}, got ${JSON.stringify(endpoint)}`,
  )
}

/**
 * An integer of a range.
 *
 * @throws TypeError or RangeError with the option, the rule and the value
 */
export function integer(name: string, value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return Number(value)
  const rule = max === Number.MAX_SAFE_INTEGER ? `>= ${min}` : `from ${min} to ${max}`
  const message = `${name} must be an integer ${rule}, got ${show(value)}`
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message)
}

function callback<T>(name: string, value: T | undefined): T | undefined {
  if (value === undefined || typeof value === 'function') return value
  throw new TypeError(`${name} must be a function, got ${kindOf(value)}`)
}

/** @throws TypeError for what is neither a boolean nor absent */
export function isTrueByDefault(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? true
  throw new TypeError(`${name} must be a boolean, got ${kindOf(value)}`)
}

function clearPlatformTimeout(handle: unknown): void {
  clearTimeout(handle as ReturnType<typeof setTimeout>)
}

function show(value: unknown): string {
  return typeof value === 'number' ? String(value) : kindOf(value)
}
