/** Reads the lake of a source through the collector: its manifest, and its files, each checked. Knows HTTP, not Parquet. */

import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Manifest, parseManifest, sourcePrefix } from '@millrace/schemas/lake'

/** What is used of `fetch`. */
export type LakeFetch = (
  url: string,
  init: { method: 'GET'; headers: Record<string, string>; signal: AbortSignal; redirect: 'manual' },
) => Promise<{
  status: number
  headers: Pick<Headers, 'get'>
  body: ReadableStream<Uint8Array> | null
}>

/** Options of {@link openRemoteLake}. */
export interface RemoteLakeOptions {
  /** Address of the collector. */
  endpoint: string
  /** Source that the read token is of; a token of another one is refused. */
  source: string
  readToken: string
  fetch: LakeFetch
  /** Aborted when the user interrupts; whatever is under way then rejects with its reason. */
  signal?: AbortSignal | undefined
  /** Told in a sentence why something is tried again, and when. Default: nobody is. */
  onNotice?: (message: string) => void
  /** Milliseconds without a byte after which an answer is given up. Default 60,000. */
  stallMs?: number
  /** From 0 up to 1, exclusive. */
  random?: () => number
  /** Waits so many milliseconds, or rejects when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>
}

/** The lake of one source. */
export interface RemoteLake {
  /** The list of published files; an empty one when nothing was published yet. */
  readManifest: () => Promise<Manifest>
  /**
   * A file, whole.
   *
   * @param path as the manifest has it
   * @param file.sha256 of the content, hex; other content is fetched again, and in the end refused as `mismatch`
   * @param file.onBytes told how many bytes of it are there so far; less than before when it is fetched again
   */
  readFile: (
    path: string,
    file: { sha256: string; onBytes?: (bytes: number) => void },
  ) => Promise<ArrayBuffer>
}

/**
 * What went wrong for good. `refused`: the collector does not take the token, or the request. `missing`: there is no such
 * file. `mismatch`: a file has other content than its SHA-256 says: it was replaced meanwhile (the manifest then has another
 * one), or is broken. `unreachable`: no answer, or none that was whole, after all tries. `unreadable`: the answer is no manifest.
 */
export type RemoteLakeErrorCode = 'refused' | 'missing' | 'mismatch' | 'unreachable' | 'unreadable'

/** Why something could not be read; the message says it to a person. */
export class RemoteLakeError extends Error {
  override readonly name = 'RemoteLakeError'
  readonly code: RemoteLakeErrorCode

  constructor(code: RemoteLakeErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** How often one thing is asked for. With the waits between, about half a minute. */
const MAX_ATTEMPTS = 6

/** How often a file is fetched whose content is not what it should be. */
const MAX_MISMATCHES = 3

/** Wait after the first failure; it doubles with each, up to the longest. Half of it is left to chance. */
const BASE_DELAY_MS = 1_000
const MAX_DELAY_MS = 30_000

/** Longest `Retry-After` that is honoured. */
const MAX_RETRY_AFTER_MS = 300_000

/** Opens the lake; nothing is asked for yet. */
export function openRemoteLake(options: RemoteLakeOptions): RemoteLake {
  const { endpoint, source } = options
  const address = `${endpoint.replace(/\/+$/, '')}/v1/lake`
  const get = (path: string, what: string, onBytes?: (bytes: number) => void) =>
    tryOften(options, () => fetchOnce(options, `${address}/${path}`, what, onBytes))
  return {
    async readManifest() {
      const bytes = await get(`manifest?source=${encodeURIComponent(source)}`, 'the manifest')
      const parsed = parseManifest(new TextDecoder().decode(bytes), source)
      if (parsed.ok) return parsed.manifest
      throw new RemoteLakeError(
        'unreadable',
        `the manifest of ${source} at ${endpoint} cannot be read: ${parsed.message}`,
      )
    },
    async readFile(path, { sha256, onBytes }) {
      const prefix = sourcePrefix(source)
      if (!path.startsWith(prefix)) throw new RangeError(`${path} is not of ${prefix}`)
      for (let attempt = 1; ; attempt += 1) {
        const bytes = await get(`files/${path.slice(prefix.length)}`, path, onBytes)
        if (hashOf(bytes) === sha256) return bytes
        if (attempt === MAX_MISMATCHES) {
          throw new RemoteLakeError(
            'mismatch',
            `${path} has other content than its SHA-256 in the manifest says`,
          )
        }
        await waitFor(
          options,
          waitMs(options, attempt),
          `${path} arrived with other content than the manifest says`,
        )
      }
    },
  }
}

function hashOf(bytes: ArrayBuffer): string {
  return createHash('sha256').update(new Uint8Array(bytes)).digest('hex')
}

type Outcome =
  | { ok: true; bytes: ArrayBuffer }
  | { ok: false; isTransient: boolean; error: RemoteLakeError; retryAfterMs?: number | undefined }

async function tryOften(options: RemoteLakeOptions, once: () => Promise<Outcome>): Promise<ArrayBuffer> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await once()
    if (outcome.ok) return outcome.bytes
    const { isTransient, error, retryAfterMs } = outcome
    if (!isTransient || attempt === MAX_ATTEMPTS) throw error
    await waitFor(options, retryAfterMs ?? waitMs(options, attempt), error.message)
  }
}

function waitMs({ random = Math.random }: RemoteLakeOptions, attempt: number): number {
  return Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (attempt - 1)) * (0.5 + random() / 2)
}

async function waitFor(
  { signal, onNotice, sleep = (ms, until) => delay(ms, undefined, { signal: until }) }: RemoteLakeOptions,
  ms: number,
  message: string,
): Promise<void> {
  onNotice?.(`${message}; next try in ${(ms / 1_000).toFixed(1)} s`)
  try {
    await sleep(ms, signal)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}

async function fetchOnce(
  { endpoint, readToken, fetch, signal, stallMs = 60_000 }: RemoteLakeOptions,
  url: string,
  what: string,
  onBytes: ((bytes: number) => void) | undefined,
): Promise<Outcome> {
  const watch = watchStall(stallMs)
  try {
    const response = await fetch(url, {
      method: 'GET',
      headers: { authorization: `Bearer ${readToken}` },
      signal: signal === undefined ? watch.signal : AbortSignal.any([signal, watch.signal]),
      redirect: 'manual',
    })
    const bytes = await readAll(response.body, (count) => {
      watch.moved()
      if (response.status === 200) onBytes?.(count)
    })
    return response.status === 200 ? { ok: true, bytes } : refusedBy(endpoint, response, bytes, what)
  } catch (error) {
    signal?.throwIfAborted()
    const why = watch.signal.aborted ? `nothing came for ${stallMs / 1_000} s` : describe(error)
    const message = `cannot read ${what} from ${endpoint}: ${why}`
    return { ok: false, isTransient: true, error: new RemoteLakeError('unreachable', message, error) }
  } finally {
    watch.stop()
  }
}

/** A signal that is aborted when nothing moves for so long. */
function watchStall(stallMs: number): { signal: AbortSignal; moved: () => void; stop: () => void } {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), stallMs)
  return { signal: controller.signal, moved: () => void timer.refresh(), stop: () => clearTimeout(timer) }
}

async function readAll(
  body: ReadableStream<Uint8Array> | null,
  onBytes: (bytes: number) => void,
): Promise<ArrayBuffer> {
  const pieces: Uint8Array[] = []
  let count = 0
  for await (const piece of body ?? []) {
    pieces.push(piece)
    count += piece.byteLength
    onBytes(count)
  }
  const whole = new Uint8Array(count)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.byteLength
  }
  return whole.buffer
}

function refusedBy(
  endpoint: string,
  { status, headers }: { status: number; headers: Pick<Headers, 'get'> },
  bytes: ArrayBuffer,
  what: string,
): Outcome {
  const { code, message } = parseObject(new TextDecoder().decode(bytes))
  if (typeof message !== 'string') {
    const text = `${endpoint} does not answer as a Millrace collector that has a lake (HTTP ${status})`
    return { ok: false, isTransient: status >= 500, error: new RemoteLakeError('refused', text) }
  }
  const isTransient = status === 429 || status >= 500
  const kind = isTransient ? 'unreachable' : code === 'no_such_file' ? 'missing' : 'refused'
  const error = new RemoteLakeError(
    kind,
    kind === 'missing' ? message : `cannot read ${what}: ${message} (HTTP ${status})`,
  )
  return { ok: false, isTransient, error, retryAfterMs: parseRetryAfter(headers.get('retry-after')) }
}

/** Seconds, as the collector says it. Source: RFC 9110, section 10.2.3; the date that it allows too is not read. */
function parseRetryAfter(value: string | null): number | undefined {
  const isSeconds = value !== null && /^\d{1,9}$/.test(value.trim())
  return isSeconds ? Math.min(MAX_RETRY_AFTER_MS, Number(value) * 1_000) : undefined
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // Somebody else's error page.
    return {}
  }
}

/** `fetch` itself says only "fetch failed"; why is its cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return (cause instanceof Error && cause.message !== '' ? cause.message : error.message).trim()
}
