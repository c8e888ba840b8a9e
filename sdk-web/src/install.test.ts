import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { Millrace } from './api.ts'
import { installClient } from './install.ts'
import type { Stamp } from './stamp.ts'

const START = Date.UTC(2026, 0, 1)

/** A page with the stub in it. */
function createPage({ withStub = true } = {}) {
  const page: Record<string, unknown> & { at: number } = {
    at: START,
    location: { href: 'https://shop.example/early' },
    document: { title: 'Early' },
    Date: { now: () => page.at },
    structuredClone,
  }
  page['window'] = page
  if (withStub) runInNewContext(readFileSync(new URL('stub.js', import.meta.url), 'utf8'), page)
  return page
}

/** A client that notes each call with the moment it is made of; `now` is that of a call on the page itself. */
function createNoter() {
  const calls: unknown[][] = []
  let recall: () => Stamp | undefined
  const note =
    (name: string) =>
    (...args: unknown[]) => {
      const told = recall()
      calls.push([name, args, told ? [told.time, told.href, told.title] : 'now'])
      return Promise.resolve(name)
    }
  const names = 'track page screen identify group alias reset consent use on ready flush setAnonymousId user'
  const client = Object.fromEntries(names.split(' ').map((name) => [name, note(name)])) as unknown as Millrace
  const create = (told: () => Stamp | undefined) => {
    recall = told
    return client
  }
  return { calls, create }
}

function millrace(page: Record<string, unknown>): Millrace {
  return page['millrace'] as Millrace
}

describe('script', () => {
  test('makes the calls that the stub kept, in order, each of its own moment', async () => {
    const page = createPage()
    const { calls, create } = createNoter()
    const properties = { step: 1 }
    void millrace(page).page()
    page.at += 1_500
    page['location'] = { href: 'https://shop.example/later' }
    void millrace(page).track('Clicked', properties)
    properties.step = 2
    const flushed = millrace(page).flush()
    installClient(page, 'millrace', create)
    const early = [START, 'https://shop.example/early', 'Early']
    const later = [START + 1_500, 'https://shop.example/later', 'Early']
    expect(calls).toEqual([
      ['page', [], early],
      ['track', ['Clicked', { step: 1 }], later],
      ['flush', [], later],
    ])
    expect(await flushed).toBe('flush')
  })

  test('makes every call that may be made before it has loaded', async () => {
    const page = createPage()
    const { calls, create } = createNoter()
    const names = Object.keys(millrace(page)).filter((name) => name !== 'q')
    const stub = page['millrace'] as Record<string, (...args: unknown[]) => Promise<unknown>>
    const answers = names.map((name) => stub[name]?.('argument'))
    installClient(page, 'millrace', create)
    expect(calls.map(([name]) => name)).toEqual(names)
    expect(await Promise.all(answers)).toEqual(names)
    expect(names).toEqual(
      expect.arrayContaining(['track', 'group', 'alias', 'consent', 'on', 'use', 'ready']),
    )
  })

  test('keeps functions as they are, to listen and to look at events', () => {
    const page = createPage()
    const { calls, create } = createNoter()
    const listener = () => {}
    millrace(page).on('track', listener)
    installClient(page, 'millrace', create)
    expect(calls).toMatchObject([['on', ['track', listener], {}]])
  })

  test('takes the place of the stub, for functions that were taken from it too', () => {
    const page = createPage()
    const { calls, create } = createNoter()
    const stub = millrace(page)
    const { track } = stub
    installClient(page, 'millrace', create)
    expect(millrace(page)).toBe(stub)
    void stub.track('A')
    page.at += 5
    void track('B')
    expect(calls).toEqual([
      ['track', ['A'], 'now'],
      ['track', ['B'], [START + 5, 'https://shop.example/early', 'Early']],
    ])
    expect((stub as { q?: unknown }).q).toBeUndefined()
  })

  test('loaded twice makes no second client', () => {
    const page = createPage()
    const [first, second] = [createNoter(), createNoter()]
    installClient(page, 'millrace', first.create)
    installClient(page, 'millrace', second.create)
    void millrace(page).track('A')
    expect([first.calls.length, second.calls.length]).toEqual([1, 0])
  })

  test('works without a stub, and where an element has the name', () => {
    for (const element of [undefined, { id: 'millrace' }]) {
      const page = { ...createPage({ withStub: false }), millrace: element }
      const { calls, create } = createNoter()
      installClient(page, 'millrace', create)
      void millrace(page).track('A')
      expect(calls).toEqual([['track', ['A'], 'now']])
      expect(element).toEqual(element && { id: 'millrace' })
    }
  })
})

describe('stub', () => {
  test('keeps what JSON cannot hold, and never throws', () => {
    const page = createPage()
    const { calls, create } = createNoter()
    const circular: Record<string, unknown> = { a: 1 }
    circular['self'] = circular
    void millrace(page).track('A', circular)
    void millrace(page).track('B', { run: () => 1 })
    installClient(page, 'millrace', create)
    expect(calls).toMatchObject([
      ['track', ['A', { a: 1 }], {}],
      ['track', ['B', {}], {}],
    ])
  })

  test('keeps 1,000 calls, for a script that is blocked', () => {
    const page = createPage()
    const { calls, create } = createNoter()
    for (let i = 0; i < 1_500; i++) void millrace(page).track('A')
    installClient(page, 'millrace', create)
    expect(calls).toHaveLength(1_000)
  })

  test('leaves a client alone that is already there', () => {
    const page = createPage({ withStub: false })
    page['millrace'] = 'client'
    runInNewContext(readFileSync(new URL('stub.js', import.meta.url), 'utf8'), page)
    expect(page['millrace']).toBe('client')
  })
})
