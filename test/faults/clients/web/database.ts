/**
 * The part of IndexedDB that idb-keyval uses. A write takes effect as a whole or not at all, some time after it was asked
 * for and before the page hears of it; a page that is gone in between never hears, and its write is there or not.
 */

/** Records of one origin: by database, by key. There is one object store in each. */
export type Databases = Map<string, Map<string, unknown>>

/** What the browser refuses. */
export type Refusal = 'none' | 'open' | 'write' | 'hang'

/** Options of {@link createIndexedDb}. */
export interface IndexedDbOptions {
  databases: Databases
  /** Does it in a moment, in order, whether the page lives by then or not. */
  later: (run: () => void) => void
  /** Whether the page hears of anything. */
  isAlive: () => boolean
  /** Whether a write lands that the page has not waited for. */
  landsAfterDeath: () => boolean
  refusal: () => Refusal
  /** Told when records are on disk. */
  onSaved: (records: readonly unknown[]) => void
}

type Operation = (records: Map<string, unknown>) => unknown

interface Request {
  result?: unknown
  error?: unknown
  onsuccess?: () => void
  onerror?: () => void
  onupgradeneeded?: () => void
}

interface Transaction {
  error?: unknown
  db: object
  oncomplete?: () => void
  onabort?: () => void
}

/** Databases as one page has them. */
export function createIndexedDb(options: IndexedDbOptions) {
  const { databases, later, isAlive, refusal } = options
  const tell = (call: (() => void) | undefined) => {
    if (isAlive()) call?.()
  }
  return {
    open(name: string): Request {
      const request: Request = {}
      later(() => {
        if (refusal() === 'hang') return
        if (refusal() === 'open') {
          request.error = new DOMException('refused', 'UnknownError')
          tell(request.onerror)
          return
        }
        const isNew = !databases.has(name)
        if (isNew) databases.set(name, new Map())
        request.result = createDatabase(name, options)
        if (isNew) tell(request.onupgradeneeded)
        tell(request.onsuccess)
      })
      return request
    },
    deleteDatabase(name: string): Request {
      const request: Request = {}
      later(() => {
        databases.delete(name)
        tell(request.onsuccess)
      })
      return request
    },
  }
}

function createDatabase(name: string, options: IndexedDbOptions) {
  const database = {
    createObjectStore() {},
    close() {},
    transaction(_store: string, mode: string) {
      const transaction = startTransaction(name, mode, database, options)
      return { objectStore: () => transaction }
    },
  }
  return database
}

function startTransaction(name: string, mode: string, db: object, options: IndexedDbOptions) {
  const transaction: Transaction = { db }
  const asked: { request: Request; run: Operation }[] = []
  const saved: unknown[] = []
  const ask = (run: Operation): Request => {
    const request: Request = {}
    asked.push({ request, run })
    return request
  }
  options.later(() => settle({ name, mode, transaction, asked, saved, options }))
  return {
    transaction,
    put(value: unknown, key: string) {
      const copy = structuredClone(value)
      saved.push(copy)
      return ask((records) => void records.set(key, copy))
    },
    delete: (key: string) => ask((records) => void records.delete(key)),
    get: (key: string) => ask((records) => structuredClone(records.get(key))),
    getAllKeys: () => ask((records) => [...records.keys()].sort()),
  }
}

interface Settled {
  name: string
  mode: string
  transaction: Transaction
  asked: readonly { request: Request; run: Operation }[]
  saved: readonly unknown[]
  options: IndexedDbOptions
}

function settle({ name, mode, transaction, asked, saved, options }: Settled): void {
  const { databases, later, isAlive, landsAfterDeath, refusal, onSaved } = options
  if (refusal() === 'hang' || (!isAlive() && !(mode === 'readwrite' && landsAfterDeath()))) return
  const records = databases.get(name)
  if (records === undefined || (refusal() === 'write' && saved.length > 0)) {
    transaction.error = new DOMException('no room', 'QuotaExceededError')
    later(() => isAlive() && transaction.onabort?.())
    return
  }
  for (const { request, run } of asked) request.result = run(records)
  onSaved(saved)
  later(() => {
    if (!isAlive()) return
    for (const { request } of asked) request.onsuccess?.()
    transaction.oncomplete?.()
  })
}
