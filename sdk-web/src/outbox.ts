/**
 * Keeps batches in the browser until they are delivered: a record each in IndexedDB, only ever added and removed, and
 * where a page leaves too fast for that, in localStorage. Whose turn it is to send them is left to others.
 */

import { createStore as openDatabase, promisifyRequest, type UseStore } from 'idb-keyval'
import { attempt } from './attempt.ts'
import type { Batch, StoredBatch } from './batch.ts'
import { createBatch } from './batch.ts'
import type { Store } from './store.ts'

/** Age of a batch at which its tab must be gone: browsers wake tabs in the background once a minute. */
const LEASE_MS = 180_000

/** The batches of one source that wait in this browser. */
export interface Outbox {
  /** Writes new batches, in one transaction. Resolves when that is done or refused; each batch says which. */
  save(batches: readonly Batch[]): Promise<void>
  /** Writes those that may not be in IndexedDB yet, before it returns. */
  spill(batches: Iterable<Batch>): void
  discard(batch: Batch): void
  /**
   * The batches of all streams that can be had.
   *
   * @param isLeased whether streams can be had of tabs that live: only batches count then that their tab should have
   *   delivered long ago
   */
  adopt(claim: (stream: string) => Promise<boolean>, isLeased: boolean): Promise<Batch[]>
  /** Removes the database, with everything in it. */
  destroy(): void
}

/**
 * Creates the outbox of a source. Everything in it may be refused by the browser at any time; then it is empty.
 *
 * @param open gives IndexedDB when it is needed; where it is refused, it throws or gives undefined
 */
export function createOutbox(
  writeKey: string,
  store: Store,
  open: () => IDBFactory | undefined,
  now: () => number,
): Outbox {
  const name = `millrace.${writeKey}`
  const prefix = `outbox.${writeKey}.`
  let database: UseStore | undefined

  /** Undefined when IndexedDB is refused: private mode, no room, a blocked frame. */
  async function use<T>(mode: IDBTransactionMode, run: (records: IDBObjectStore) => PromiseLike<T>) {
    try {
      if (!open()) return undefined
      database ??= openDatabase(name, 'outbox')
      return await database(mode, (records) => {
        const { db } = records.transaction
        // Another tab removes the database, and waits for those who have it open.
        db.onversionchange = () => {
          db.close()
          database = undefined
        }
        return run(records)
      })
    } catch {
      return undefined
    }
  }
  const change = (run: (records: IDBObjectStore) => void) =>
    use('readwrite', async (records) => {
      run(records)
      await promisifyRequest(records.transaction)
      return true
    })

  return {
    async save(batches) {
      const isSaved = await change((records) => {
        for (const { stored } of batches) records.put(stored, stored[0])
      })
      if (isSaved) for (const batch of batches) batch.isSaved = true
    },
    spill(batches) {
      for (const batch of batches) batch.isSaved ||= store.keep(prefix + batch.stored[0], batch.stored)
    },
    discard({ stored: [key] }) {
      store.keep(prefix + key)
      void change((records) => records.delete(key))
    },
    async adopt(claim, isLeased) {
      const keys = (await use('readonly', (records) => promisifyRequest(records.getAllKeys()))) ?? []
      const found: Batch[] = []
      let stream = ''
      let isOurs = false
      for (const key of [...keys, ...store.list(prefix)]) {
        const last = stream
        stream = `${key}`.replace(/-.*/, '')
        if (stream !== last) isOurs = await claim(stream)
        if (!isOurs) continue
        const stored =
          store.load(prefix + key) ?? (await use('readonly', (records) => promisifyRequest(records.get(key))))
        // What is not of our writing stays where it is.
        if (isStoredBatch(stored) && (!isLeased || now() - stored[3] > LEASE_MS)) {
          found.push({ ...createBatch(stored), isSaved: true })
        }
      }
      return found
    },
    destroy() {
      if (database) void use('readonly', async ({ transaction }) => transaction.db.close())
      database = undefined
      attempt(() => open()?.deleteDatabase(name)) // refused: then there is none
    },
  }
}

/** Whether a record is of our writing: other scripts of the page can write there too. */
function isStoredBatch(record: unknown): record is StoredBatch {
  const [key, head, texts, timeMs] = Array.isArray(record) ? record : []
  const kinds = `${typeof key} ${typeof head} ${typeof timeMs}`
  return kinds === 'string string number' && /^\w+-\d+$/.test(key) && Array.isArray(texts)
}
