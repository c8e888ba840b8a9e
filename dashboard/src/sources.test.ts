import { expect, it } from 'vitest'
import {
  addSource,
  forgetSource,
  giveSource,
  loadSources,
  nameSource,
  parseToken,
  refuseSource,
  type SourceList,
  type Storage,
  saveSources,
} from './sources.ts'

function createStorage(): Storage & { values: Map<string, string> } {
  const values = new Map<string, string>()
  return {
    values,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  }
}

const BLOCKED: Storage = {
  getItem: () => {
    throw new Error('blocked')
  },
  setItem: () => {
    throw new Error('blocked')
  },
  removeItem: () => {
    throw new Error('blocked')
  },
}

const TWO: SourceList = { sources: [{ token: 'a', name: 'shop' }, { token: 'b' }], chosen: 'b' }

it('sources are remembered, and without any nothing is', () => {
  const storage = createStorage()
  saveSources(storage, TWO)
  expect(loadSources(storage)).toEqual(TWO)
  saveSources(storage, { sources: [] })
  expect(storage.values.size).toBe(0)
})

it.each(['', 'null', '[]', '{"sources":7}', '{"sources":[null,{"token":3},{"token":"a b"}],"chosen":"x"}'])(
  'what is stored as %j is no source',
  (text) => {
    const storage = createStorage()
    storage.setItem('millrace.sources', text)
    expect(loadSources(storage)).toEqual({ sources: [] })
  },
)

it('browser that stores nothing has no sources, and no trouble', () => {
  for (const storage of [BLOCKED, undefined]) {
    expect(loadSources(storage)).toEqual({ sources: [] })
    saveSources(storage, TWO)
  }
})

it('source that the collector gives is listed first, not chosen, and not remembered', () => {
  const given = giveSource(TWO, 'd', 'dev')
  expect(given).toEqual({ ...TWO, sources: [{ token: 'd', name: 'dev', isGiven: true }, ...TWO.sources] })
  const storage = createStorage()
  saveSources(storage, given)
  expect(loadSources(storage)).toEqual(TWO)
  saveSources(storage, { ...given, chosen: 'd' })
  expect(loadSources(storage)).toEqual({ sources: TWO.sources })
  saveSources(storage, giveSource({ sources: [] }, 'd', 'dev'))
  expect(storage.values.size).toBe(0)
})

it('source that the collector gives takes the place of what was entered for it, and stays given', () => {
  const old: SourceList = { sources: [{ token: 'o', name: 'dev' }, { token: 'b' }], chosen: 'o' }
  const dev = { token: 'd', name: 'dev', isGiven: true }
  expect(giveSource(old, 'd', 'dev')).toEqual({ sources: [dev, { token: 'b' }], chosen: 'd' })
  const entered = giveSource({ sources: [{ token: 'd' }], chosen: 'd' }, 'd', 'dev')
  expect(nameSource(addSource(entered, 'd'), 'd', 'dev')).toEqual({ sources: [dev], chosen: 'd' })
})

it('source that is added is shown, and known once', () => {
  const list = addSource(TWO, 'c')
  expect([list.sources.length, list.chosen]).toEqual([3, 'c'])
  expect(addSource(list, 'a')).toEqual({ sources: list.sources, chosen: 'a' })
})

it('of two tokens of one source the newer one stays', () => {
  expect(nameSource(TWO, 'b', 'shop')).toEqual({ sources: [{ token: 'b', name: 'shop' }], chosen: 'b' })
  expect(nameSource(TWO, 'b', 'blog').sources).toEqual([
    { token: 'a', name: 'shop' },
    { token: 'b', name: 'blog' },
  ])
})

it('forgetting what is shown shows the next, if there is one', () => {
  expect(forgetSource(TWO, 'b')).toEqual({ sources: [{ token: 'a', name: 'shop' }], chosen: 'a' })
  expect(forgetSource({ sources: [{ token: 'a' }], chosen: 'a' }, 'a')).toEqual({ sources: [] })
  expect(forgetSource(TWO, 'a').chosen).toBe('b')
})

it('refused token is kept if it ever worked', () => {
  expect(refuseSource(TWO, 'b')).toEqual({ sources: [{ token: 'a', name: 'shop' }] })
  expect(refuseSource({ ...TWO, chosen: 'a' }, 'a')).toEqual({ ...TWO, chosen: 'a' })
})

it.each([
  [' dev-read\n', 'dev-read'],
  ['', undefined],
  ['two words', undefined],
  ['<!doctype html>', undefined],
  ['schlüssel', undefined],
])('token %j is %j', (text, token) => {
  expect(parseToken(text)).toBe(token)
})
