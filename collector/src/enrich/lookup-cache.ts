/** Lookup tables in the memory of an isolate: loaded when first asked for, looked after in the background, bounded. */

import { type LookupBucket, readLookup, type StoredLookup } from './lookup-store.ts'

/** Options of {@link createLookupCache}. */
export interface LookupCacheOptions {
  bucket: Pick<LookupBucket, 'get'>
  /** Our clock, milliseconds since 1970. */
  now: () => number
  log: (record: Record<string, unknown>) => void
  /**
   * How long a table, or that there is none, is believed. After half of it the next event has it looked after behind its
   * back; after all of it, in an isolate that was quiet for so long, events wait. Default 60,000.
   */
  refreshMs?: number
  /** How long events wait for a load; then they go on with what is there. Default 1,000. */
  loadTimeoutMs?: number
  /** Most bytes of all tables together. Default 32,000,000, a quarter of an isolate's memory. */
  maxBytes?: number
}

/** The tables of an isolate. */
export interface LookupCache {
  /**
   * The table of a key of the bucket, or `undefined` when there is none. A promise only while the table is being loaded for
   * the first time, or after a pause; it never rejects.
   */
  find: (
    key: string,
    waitUntil: (promise: Promise<unknown>) => void,
  ) => StoredLookup | undefined | Promise<StoredLookup | undefined>
  /** Logs a line about a table, at most one in `refreshMs`. */
  warn: (key: string, record: Record<string, unknown>) => void
}

/** How long after a load that failed the next is tried, in the background. */
const RETRY_MS = 5_000

interface Entry {
  stored: StoredLookup | undefined
  /** The load that is under way; never rejects. */
  loading: Promise<void> | undefined
  /** Whether events wait for it: not once it has taken too long. */
  isAwaited: boolean
  /** Until then what is there needs no waiting. A load that failed counts as well: events do not wait for each retry. */
  believedUntil: number
  askAgainAt: number
  usedAt: number
  silentUntil: number
}

/** Creates the cache. */
export function createLookupCache({
  bucket,
  now,
  log,
  refreshMs = 60_000,
  loadTimeoutMs = 1_000,
  maxBytes = 32_000_000,
}: LookupCacheOptions): LookupCache {
  const entries = new Map<string, Entry>()

  function find(key: string, waitUntil: (promise: Promise<unknown>) => void) {
    const at = now()
    const entry = entries.get(key) ?? addEntry(key)
    entry.usedAt = at
    if (at >= entry.askAgainAt) {
      // Set before the answer is there. A load whose request was cancelled may never end; it is then simply tried again.
      entry.askAgainAt = at + refreshMs / 2
      entry.isAwaited = at >= entry.believedUntil
      entry.loading = load(key, entry)
      waitUntil(entry.loading)
    }
    return entry.isAwaited && entry.loading !== undefined ? waitFor(key, entry, entry.loading) : entry.stored
  }

  function addEntry(key: string): Entry {
    const entry: Entry = {
      stored: undefined,
      loading: undefined,
      isAwaited: true,
      believedUntil: Number.NEGATIVE_INFINITY,
      askAgainAt: Number.NEGATIVE_INFINITY,
      usedAt: 0,
      silentUntil: Number.NEGATIVE_INFINITY,
    }
    entries.set(key, entry)
    return entry
  }

  async function load(key: string, entry: Entry): Promise<void> {
    try {
      const read = await readLookup(bucket, key, entry.stored?.version)
      if (read.kind === 'found') take(key, entry, read.stored)
      if (read.kind === 'missing') {
        entry.stored = undefined
        warn(key, { event: 'lookup_missing' })
      }
    } catch (error) {
      // What is there stays in use.
      entry.askAgainAt = Math.min(entry.askAgainAt, now() + RETRY_MS)
      warn(key, { event: 'lookup_failed', error: String(error) })
    }
    believe(entry)
  }

  function believe(entry: Entry): void {
    entry.isAwaited = false
    entry.believedUntil = now() + refreshMs
  }

  /** Each request has a timer of its own: the load may belong to another one that was cancelled. */
  function waitFor(key: string, entry: Entry, loading: Promise<void>): Promise<StoredLookup | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        believe(entry)
        warn(key, { event: 'lookup_failed', error: `not loaded within ${loadTimeoutMs} ms` })
        resolve(entry.stored)
      }, loadTimeoutMs)
      loading.then(
        () => {
          clearTimeout(timer)
          resolve(entry.stored)
        },
        () => resolve(undefined),
      )
    })
  }

  function take(key: string, entry: Entry, stored: StoredLookup): void {
    if (!makeRoom(stored.table.bytes, entry)) {
      warn(key, { event: 'lookup_cache_full', bytes: stored.table.bytes, maxBytes })
      return
    }
    entry.stored = stored
    const { rows, bytes } = stored.table
    log({
      level: 'info',
      event: 'lookup_loaded',
      table: key,
      version: stored.version,
      rows: rows.size,
      bytes,
    })
  }

  /** Only what nobody uses goes: tables in use that took each other's place would be loaded for every event. */
  function makeRoom(bytes: number, entry: Entry): boolean {
    const others = [...entries].filter(([, other]) => other !== entry && other.stored !== undefined)
    let total = bytes + others.reduce((sum, [, { stored }]) => sum + (stored?.table.bytes ?? 0), 0)
    const unusedSince = now() - refreshMs
    for (const [key, other] of others.toSorted(([, a], [, b]) => a.usedAt - b.usedAt)) {
      if (total <= maxBytes || other.usedAt > unusedSince) break
      entries.delete(key)
      total -= other.stored?.table.bytes ?? 0
    }
    return total <= maxBytes
  }

  function warn(key: string, record: Record<string, unknown>): void {
    const entry = entries.get(key)
    const at = now()
    if (entry === undefined || at < entry.silentUntil) return
    entry.silentUntil = at + refreshMs
    log({ level: 'warn', table: key, ...record })
  }

  return { find, warn }
}
