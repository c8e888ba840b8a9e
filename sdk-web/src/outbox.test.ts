import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Batch, StoredBatch } from './batch.ts'
import { createBatch } from './batch.ts'
import { createFakeStorage, settle } from './fakes.ts'
import { createOutbox } from './outbox.ts'
import { createStore } from './store.ts'

const NOW = Date.UTC(2026, 0, 1)

let factory: IDBFactory
let area: Storage

beforeEach(() => {
  factory = new IDBFactory()
  area = createFakeStorage()
  vi.stubGlobal('indexedDB', factory)
  vi.stubGlobal('IDBKeyRange', IDBKeyRange)
})
afterEach(() => void vi.unstubAllGlobals())

/** One tab's door to the outbox of a source. */
function openOutbox({ writeKey = 'key', open = () => factory as unknown as IDBFactory | undefined } = {}) {
  const store = createStore(
    () => area,
    () => true,
  )
  return createOutbox(writeKey, store, open as () => never, () => NOW)
}

/** A batch of two events. */
function batchOf(stream: string, firstSeq: number, timeMs = NOW): Batch {
  const head = `{"writeKey":"key","stream":"${stream}","firstSeq":${firstSeq}`
  return createBatch([`${stream}-${firstSeq}`, head, ['{"event":"A"}', '{"event":"B"}'], timeMs])
}

const all = async () => true
const keysOf = (batches: Batch[]) => batches.map(({ stored }) => stored[0])

/** Waits for transactions nobody waits for. */
async function settleAll(): Promise<void> {
  for (let i = 0; i < 20; i++) await settle()
}

/** What an outbox gives of a claim that may hang. */
function within<T>(promise: Promise<T>): Promise<T | 'hangs'> {
  return Promise.race([promise, settleAll().then(() => 'hangs' as const)])
}

describe('outbox', () => {
  test('gives back what was saved, as it was', async () => {
    const batches = [batchOf('a', 1), batchOf('a', 3), batchOf('b', 1)]
    await openOutbox().save(batches)
    expect(batches.map(({ isSaved }) => isSaved)).toEqual([true, true, true])
    const found = await openOutbox().adopt(all, false)
    expect(found).toEqual(batches)
  })

  test('gives streams one by one to whom they are granted', async () => {
    await openOutbox().save([batchOf('a', 1), batchOf('b', 1), batchOf('ab', 1)])
    const asked: string[] = []
    const found = await openOutbox().adopt(async (stream) => asked.push(stream) > 0 && stream === 'a', false)
    expect(keysOf(found)).toEqual(['a-1'])
    expect(asked.sort()).toEqual(['a', 'ab', 'b'])
  })

  test('has what was discarded no more', async () => {
    const [first, second] = [batchOf('a', 1), batchOf('a', 3)]
    const outbox = openOutbox()
    await outbox.save([first, second])
    outbox.discard(first)
    await settleAll()
    expect(keysOf(await openOutbox().adopt(all, false))).toEqual(['a-3'])
  })

  test('has a batch no more that is discarded while it is being saved', async () => {
    const batch = batchOf('a', 1)
    const outbox = openOutbox()
    void outbox.save([batch])
    outbox.discard(batch)
    await settleAll()
    expect(await openOutbox().adopt(all, false)).toEqual([])
  })

  test('spills at once what is not saved yet, and only that', async () => {
    const [saved, unsaved] = [batchOf('a', 1), batchOf('a', 3)]
    const outbox = openOutbox()
    await outbox.save([saved])
    outbox.spill([saved, unsaved])
    expect(Object.keys(area)).toEqual(['millrace.outbox.key.a-3'])
    expect(unsaved.isSaved).toBe(true)
    expect(keysOf(await openOutbox().adopt(all, false))).toEqual(['a-1', 'a-3'])
    outbox.discard(unsaved)
    expect(Object.keys(area)).toEqual([])
  })

  test('spills nothing where storage is full, and says so', () => {
    area.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError')
    }
    const batch = batchOf('a', 1)
    openOutbox().spill([batch])
    expect(batch.isSaved).toBeFalsy()
  })

  test('keeps sources apart', async () => {
    await openOutbox({ writeKey: 'key' }).save([batchOf('a', 1)])
    openOutbox({ writeKey: 'key' }).spill([batchOf('b', 1)])
    expect(await openOutbox({ writeKey: 'other' }).adopt(all, false)).toEqual([])
  })

  test('without locks gives only batches that their tab should have delivered long ago', async () => {
    await openOutbox().save([batchOf('live', 1, NOW - 180_000), batchOf('dead', 1, NOW - 180_001)])
    openOutbox().spill([batchOf('live', 3, NOW), batchOf('dead', 3, NOW - 3_600_000)])
    expect(keysOf(await openOutbox().adopt(all, true))).toEqual(['dead-1', 'dead-3'])
  })

  test('leaves alone what is not of its writing', async () => {
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = (factory as unknown as globalThis.IDBFactory).open('millrace.key')
      request.onupgradeneeded = () => request.result.createObjectStore('outbox')
      request.onsuccess = () => resolve(request.result)
    })
    const records = database.transaction('outbox', 'readwrite').objectStore('outbox')
    for (const [key, value] of Object.entries({
      'x-1': 'text',
      'x-2': null,
      'x-3': {},
      'x-4': [1, 2, 3],
      'x-5': [['x-5'], '{', [], 1],
      'x-6': ['x', '{', [], 1],
    })) {
      records.put(value, key)
    }
    for (const key of [7, new Date(0), ['list']] satisfies IDBValidKey[]) records.put('other', key)
    area.setItem('millrace.outbox.key.y-1', '{broken')
    area.setItem('millrace.outbox.key.', '"x"')
    const outbox = openOutbox()
    await outbox.save([batchOf('a', 1)])
    expect(keysOf(await outbox.adopt(all, false))).toEqual(['a-1'])
    expect(area.getItem('millrace.outbox.key.y-1')).toBe('{broken')
  })

  test('is gone when it is destroyed, with all other tabs closed, and begins anew', async () => {
    const outbox = openOutbox()
    await outbox.save([batchOf('a', 1)])
    outbox.destroy()
    await settleAll()
    expect(await factory.databases()).toEqual([])
    await outbox.save([batchOf('b', 1)])
    expect(keysOf(await outbox.adopt(all, false))).toEqual(['b-1'])
  })

  test('is gone when it is destroyed while it is being opened', async () => {
    const outbox = openOutbox()
    void outbox.save([batchOf('a', 1)])
    outbox.destroy()
    await settleAll()
    expect(await factory.databases()).toEqual([])
  })

  test('is gone when a page destroys it that never opened it', async () => {
    await openOutbox().save([batchOf('a', 1)])
    const other = openOutbox()
    other.destroy()
    await settleAll()
    expect(await within(openOutbox().adopt(all, false))).toEqual([])
  })
})

describe('outbox that is refused', () => {
  const refusals: [string, () => void, () => IDBFactory | undefined][] = [
    [
      'by an error',
      () => {},
      () => {
        throw new DOMException('no', 'SecurityError')
      },
    ],
    ['by nothing', () => {}, () => undefined],
    [
      'when it is opened',
      () => {
        factory.open = () => {
          throw new DOMException('no', 'SecurityError')
        }
      },
      () => factory,
    ],
    [
      'after it is opened',
      () => {
        factory.open = () => {
          const request = {} as IDBOpenDBRequest & { onerror: () => void }
          queueMicrotask(() => request.onerror())
          return request as never
        }
      },
      () => factory,
    ],
  ]

  test.each(refusals)('%s: is empty, and never throws', async (_, refuse, open) => {
    refuse()
    const outbox = openOutbox({ open })
    const batch = batchOf('a', 1)
    await outbox.save([batch])
    expect(batch.isSaved).toBeFalsy()
    outbox.discard(batch)
    expect(await outbox.adopt(all, false)).toEqual([])
    outbox.spill([batch])
    expect(keysOf(await outbox.adopt(all, false))).toEqual(['a-1'])
    outbox.destroy()
    await settleAll()
  })

  test('for want of room: says so, and works again when there is some', async () => {
    const outbox = openOutbox()
    await outbox.save([])
    const original = IDBObjectStorePrototype.put
    IDBObjectStorePrototype.put = function (...args) {
      const request = original.apply(this, args)
      this.transaction.abort()
      return request
    }
    const batch = batchOf('a', 1)
    try {
      await outbox.save([batch])
    } finally {
      IDBObjectStorePrototype.put = original
    }
    expect(batch.isSaved).toBeFalsy()
    await outbox.save([batch])
    expect(batch.isSaved).toBe(true)
  })

  test('by an opening that hangs: waits for nothing that must be done at once', async () => {
    factory.open = () => ({}) as never
    const outbox = openOutbox()
    const [first, second] = [batchOf('a', 1), batchOf('a', 3)]
    void outbox.save([first, second])
    outbox.spill([first, second])
    outbox.discard(first)
    expect([first.isSaved, second.isSaved, Object.keys(area)]).toEqual([
      true,
      true,
      ['millrace.outbox.key.a-3'],
    ])
    outbox.destroy()
  })
})

type Records = { transaction: IDBTransaction }
const IDBObjectStorePrototype = (await import('fake-indexeddb')).IDBObjectStore.prototype as unknown as {
  put: (this: Records, value: StoredBatch, key: string) => unknown
}
