import { expect, it } from 'vitest'
import { createIndexedDb, type Databases, type Refusal } from './database.ts'

function openPage(databases: Databases, more: { lands?: boolean; refusal?: () => Refusal } = {}) {
  const steps: (() => void)[] = []
  const saved: unknown[] = []
  let isAlive = true
  const indexedDb = createIndexedDb({
    databases,
    later: (run) => void steps.push(run),
    isAlive: () => isAlive,
    landsAfterDeath: () => more.lands ?? false,
    refusal: more.refusal ?? (() => 'none'),
    onSaved: (records) => void saved.push(...records),
  })
  const runAll = () => {
    for (let step = steps.shift(); step !== undefined; step = steps.shift()) step()
  }
  const request = indexedDb.open('d')
  runAll()
  const write = () => {
    const database = request.result as {
      transaction: (store: string, mode: string) => { objectStore: () => Store }
    }
    const store = database.transaction('s', 'readwrite').objectStore()
    store.put(['record'], 'k')
    return store
  }
  const die = () => {
    isAlive = false
  }
  return { write, runAll, saved, die }
}

interface Store {
  transaction: { oncomplete?: () => void; onabort?: () => void }
  put: (value: unknown, key: string) => unknown
}

it('a write is there before the page hears of it', () => {
  const databases: Databases = new Map()
  const { write, runAll, saved } = openPage(databases)
  let found: unknown
  write().transaction.oncomplete = () => {
    found = databases.get('d')?.get('k')
  }
  runAll()
  expect([found, saved]).toEqual([['record'], [['record']]])
})

it.each([true, false])('of a page that dies meanwhile the write is there or not: %s', (lands) => {
  const databases: Databases = new Map()
  const { write, runAll, saved, die } = openPage(databases, { lands })
  let isHeard = false
  write().transaction.oncomplete = () => {
    isHeard = true
  }
  die()
  runAll()
  expect([databases.get('d')?.has('k'), saved.length, isHeard]).toEqual([lands, lands ? 1 : 0, false])
})

it('a write that is refused leaves nothing, and the page hears that', () => {
  const databases: Databases = new Map()
  let refusal: Refusal = 'none'
  const { write, runAll, saved } = openPage(databases, { refusal: () => refusal })
  refusal = 'write'
  let isHeard = false
  write().transaction.onabort = () => {
    isHeard = true
  }
  runAll()
  expect([databases.get('d')?.size, saved, isHeard]).toEqual([0, [], true])
})
