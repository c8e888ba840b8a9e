/** Options checked and completed with the platform's defaults. Knows every rule about an option and uses none of them. */

import { BATCH_PATH, IMPORT_PATH, MAX_BATCH_EVENTS, NAME_PATTERN } from '@millrace/schemas/wire'
import { createConsoleReporter } from './console-reporter.ts'
import { kindOf } from './describe.ts'
import type { ExitSource, FetchLike, MillraceOptions } from './types.ts'

/** Options with nothing left open. */
export interface Settings {
  /** Full address of the batch or import route. */
  url: string
  /** Key for the `Authorization` header. */
  key: string
  /** Name of the source that the key is meant to be of; `undefined` when the caller did not say. */
  source: string | undefined
  flushAt: number
  flushIntervalMs: number
  maxQueueEvents: number
  maxRetries: number
  requestTimeoutMs: number
  exitTimeoutMs: number
  onError: NonNullable<MillraceOptions['onError']>
  onReceipt: NonNullable<MillraceOptions['onReceipt']>
  onRetry: NonNullable<MillraceOptions['onRetry']>
  fetch: FetchLike
  now: () => number
  random: () => number
  randomId: () => string
  setTimeout: (callback: () => void, delayMs: number) => unknown
  clearTimeout: (handle: unknown) => void
  /** Absent when nothing is to be done at the end of the process. */
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
  const flushAt = integer('flushAt', options.flushAt ?? 100, 1, MAX_BATCH_EVENTS)
  return {
    ...resolveDestination(options),
    source: resolveSource(options.source),
    flushAt,
    flushIntervalMs: integer('flushIntervalMs', options.flushIntervalMs ?? 1_000, 0),
    maxQueueEvents: resolveQueueBound(options.maxQueueEvents ?? 10_000, flushAt),
    maxRetries: integer('maxRetries', options.maxRetries ?? 20, 0),
    requestTimeoutMs: integer('requestTimeoutMs', options.requestTimeoutMs ?? 10_000, 1),
    exitTimeoutMs: integer('exitTimeoutMs', options.exitTimeoutMs ?? 5_000, 0),
    onError: callback('onError', options.onError) ?? createConsoleReporter(),
    onReceipt: callback('onReceipt', options.onReceipt) ?? (() => {}),
    onRetry: callback('onRetry', options.onRetry) ?? (() => {}),
    // Looked up at each request, so that an agent that wraps the global fetch later (tracing) is honoured.
    fetch: callback('fetch', options.fetch) ?? ((url, init) => globalThis.fetch(url, init)),
    now: callback('now', options.now) ?? Date.now,
    random: callback('random', options.random) ?? Math.random,
    randomId: callback('randomId', options.randomId) ?? (() => crypto.randomUUID().replaceAll('-', '')),
    setTimeout: callback('setTimeout', options.setTimeout) ?? ((run, delayMs) => setTimeout(run, delayMs)),
    clearTimeout: callback('clearTimeout', options.clearTimeout) ?? clearPlatformTimeout,
    process: isTrueByDefault('flushOnExit', options.flushOnExit)
      ? (options.process ?? globalThis.process)
      : undefined,
  }
}

function resolveDestination({ writeKey, secretKey, endpoint }: MillraceOptions): {
  url: string
  key: string
} {
  if (writeKey !== undefined && secretKey !== undefined) {
    throw new TypeError('writeKey and secretKey must not both be given')
  }
  const name = secretKey === undefined ? 'writeKey' : 'secretKey'
  const key: unknown = secretKey ?? writeKey
  // Printable ASCII without a colon, because the key travels as the user name of HTTP Basic (RFC 7617, section 2).
  if (typeof key !== 'string' || !/^[\x21-\x39\x3b-\x7e]+$/.test(key)) {
    throw new TypeError(
      `${name} must be a non-empty string of ASCII characters without spaces or ":", got ${kindOf(key)}`,
    )
  }
  return { key, url: resolveEndpoint(endpoint) + (secretKey === undefined ? BATCH_PATH : IMPORT_PATH) }
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
  return url.origin + url.pathname.replace(/\/+$/, '')
}

function resolveQueueBound(value: unknown, flushAt: number): number {
  if (Number.isSafeInteger(value) && Number(value) >= flushAt) return Number(value)
  throw new RangeError(`maxQueueEvents must be an integer >= flushAt (${flushAt}), got ${show(value)}`)
}

function integer(name: string, value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return Number(value)
  const rule = max === Number.MAX_SAFE_INTEGER ? `>= ${min}` : `from ${min} to ${max}`
  const message = `${name} must be an integer ${rule}, got ${show(value)}`
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message)
}

function callback<T>(name: string, value: T | undefined): T | undefined {
  if (value === undefined || typeof value === 'function') return value
  throw new TypeError(`${name} must be a function, got ${kindOf(value)}`)
}

function isTrueByDefault(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? true
  throw new TypeError(`${name} must be a boolean, got ${kindOf(value)}`)
}

function clearPlatformTimeout(handle: unknown): void {
  clearTimeout(handle as ReturnType<typeof setTimeout>)
}

function show(value: unknown): string {
  return typeof value === 'number' ? String(value) : kindOf(value)
}
