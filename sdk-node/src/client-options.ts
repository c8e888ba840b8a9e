/** The options of a client. Types only. They stand alone, but for `AbortSignal`, which every runtime's types have. */

import type { Defaults } from './event-arguments.ts'

/** The part of `fetch` that the SDK uses. */
export type FetchLike = (
  url: string,
  init: {
    method: 'POST'
    headers: Record<string, string>
    body: string | ArrayBuffer
    signal: AbortSignal
    redirect: 'manual'
  },
) => Promise<{ status: number; headers: { get(name: string): string | null }; text(): Promise<string> }>

/** Where the end of the process is announced; `process` is one. Only the first two are needed. */
export interface ExitSource {
  on(event: 'beforeExit' | 'exit', listener: () => void): unknown
  off(event: string, listener: () => void): unknown
  prependListener?(event: string, listener: () => void): unknown
  listenerCount?(event: string): number
  kill?(pid: number, signal: string): unknown
  readonly pid?: number
}

/** When what is in the spool is made to outlive a loss of power; it outlives the process in any case. */
export type FsyncPolicy = 'always' | 'interval' | 'never'

/** Events on disk until they are answered for, so that they outlive the process. */
export interface SpoolOptions {
  /** Folder for the files; made when it is not there. Processes may share one, on a disk of this machine. */
  directory: string
  /**
   * `always`: before the call returns, about as slow as the disk; `interval`: every `fsyncIntervalMs`; `never`: when the
   * operating system sees fit. Default `interval`.
   */
  fsync?: FsyncPolicy | undefined
  /** Milliseconds. Default 1,000. */
  fsyncIntervalMs?: number | undefined
  /** Most bytes on disk; events over that are dropped. Default 256 MiB. */
  maxBytes?: number | undefined
}

/**
 * Key of the source. With `writeKey`, events go to `/v1/batch`, which wants recent times; with `secretKey` to
 * `/v1/import`, which takes any event time. Exactly one of the two.
 */
export type SourceKey =
  | { writeKey: string; secretKey?: undefined }
  | { secretKey: string; writeKey?: undefined }

/** Options of `createMillrace`; only a key and `endpoint` are needed. */
export type MillraceOptions = SourceKey & {
  /** Address of the collector, for example `https://events.example.com`; a path is kept as a prefix. */
  endpoint: string
  /**
   * Name of the source that the key is meant to be of: 1 to 64 lower-case letters, digits, `_` and `-`. The collector
   * refuses a batch with `wrong_source` when the key belongs to another, so that a key taken for another does not mix two
   * sources. Default: the key alone decides.
   */
  source?: string | undefined
  /** Send as soon as this many events wait. Integer from 1 to 2,500. Default 100. */
  flushAt?: number | undefined
  /**
   * Most events in a batch, which is also at most 500 KiB: what waits longer than one request takes goes together. Integer
   * from 1 to 2,500. Default 500, or `flushAt` when that is more.
   */
  maxBatchEvents?: number | undefined
  /** Longest time in milliseconds that an event waits for company. Default 1,000. */
  flushIntervalMs?: number | undefined
  /**
   * Most memory in bytes for events that wait, those under way included; more are dropped. Each counts with its JSON text
   * and 100 bytes. At least 131,072; default 16 MiB.
   */
  maxQueueBytes?: number | undefined
  /** Requests under way at once. With more than one, events do not arrive in order. Integer from 1 to 100. Default 1. */
  lanes?: number | undefined
  /** Whether bodies over 1 KB are compressed. Default true where the runtime has `CompressionStream`. */
  gzip?: boolean | undefined
  /** Attempts after the first before a batch is given up, or with a spool put behind the others. Default 20: some 15 minutes. */
  maxRetries?: number | undefined
  /** Milliseconds until one request is given up and made again. Default 10,000. */
  requestTimeoutMs?: number | undefined
  /** Whether to send what is left when the process has nothing else to do. Default true. */
  flushOnExit?: boolean | undefined
  /**
   * Longest time in milliseconds that `flushOnExit` takes for what is left, from when the process has run dry. Default
   * 5,000. A request that is open by then keeps the process from running dry until it is answered, at the longest for
   * `requestTimeoutMs`: a process outlives its own work by `requestTimeoutMs + exitTimeoutMs` at most. Neither waits for
   * retries nor events that are still queued hold it.
   */
  exitTimeoutMs?: number | undefined
  /** Asked at each call for what is known of the request or the person; see `createRequestContext`. */
  defaults?: (() => Defaults | undefined) | undefined
  /**
   * Where the platform ends a program after its answer unless it is told to wait: given a promise for each stretch of
   * events, which resolves when they were sent. `(promise) => ctx.waitUntil(promise)` in a Worker.
   */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined

  /** Default: the global `fetch`. */
  fetch?: FetchLike | undefined
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: (() => number) | undefined
  /** A number in [0, 1). Default: `Math.random`. */
  random?: (() => number) | undefined
  /** A new unguessable id. Default: `crypto.randomUUID` without its dashes. */
  randomId?: (() => string) | undefined
  /** Default: the global `setTimeout`. A handle with `unref` is unref'ed, so that it never holds the process. */
  setTimeout?: ((callback: () => void, delayMs: number) => unknown) | undefined
  /** Default: the global `clearTimeout`. */
  clearTimeout?: ((handle: unknown) => void) | undefined
  /** Default: the global `process`. */
  process?: ExitSource | undefined
}

/** Options of the entry for Node, Deno and Bun. */
export type NodeOptions = MillraceOptions & {
  /** Keep events on disk until they are answered for: a folder, or more. Default: they are in memory alone. */
  spool?: string | SpoolOptions | undefined
  /**
   * Whether SIGTERM, SIGINT and SIGHUP first save what is left (with a spool) or send it (without, for `exitTimeoutMs` at
   * most). When the application has no listener of its own, the signal then ends the process as it would have. Default:
   * true with a spool.
   */
  handleSignals?: boolean | undefined
}
