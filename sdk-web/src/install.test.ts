import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { Millrace } from './api.ts'
import { installClient } from './install.ts'
import type { Stamp } from './stamp.ts'

const NOW: Stamp = { timestamp: '2026-01-01T00:01:00.000Z', href: 'https://shop.example/now', title: 'Now' }

/** A page with the stub in it. */
function createPage({ withStub = true } = {}) {
  const page: Record<string, unknown> & { at: number } = {
    at: Date.UTC(2026, 0, 1),
    location: { href: 'https://shop.example/early' },
    document: { title: 'Early' },
    Date: { now: () => page.at },
  }
  page['window'] = page
  if (withStub) runInNewContext(readFileSync(new URL('stub.js', import.meta.url), 'utf8'), page)
  return page
}

/** A client that notes each call with the stamp it would get. */
function createNoter() {
  const calls: unknown[][] = []
  const create = (stamp: () => Stamp) => {
    const note =
      (name: string) =>
      (...args: unknown[]) => {
        calls.push([name, structuredClone(args), stamp()])
        return Promise.resolve(name)
      }
    return {
      track: note('track'),
      page: note('page'),
      identify: note('identify'),
      reset: note('reset'),
      flush: note('flush'),
      dropped: {},
    } as unknown as Millrace
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
    millrace(page).page()
    page.at += 1_500
    page['location'] = { href: 'https://shop.example/later' }
    millrace(page).track('Clicked', properties)
    properties.step = 2
    const flushed = millrace(page).flush()
    installClient(page, 'millrace', create, () => NOW)
    const early: Stamp = {
      timestamp: '2026-01-01T00:00:00.000Z',
      href: 'https://shop.example/early',
      title: 'Early',
    }
    const later: Stamp = {
      timestamp: '2026-01-01T00:00:01.500Z',
      href: 'https://shop.example/later',
      title: 'Early',
    }
    expect(calls).toEqual([
      ['page', [], early],
      ['track', ['Clicked', { step: 1 }], later],
      ['flush', [], later],
    ])
    expect(await flushed).toBe('flush')
  })

  test('takes the place of the stub, for functions that were taken from it too', () => {
    const page = createPage()
    const { calls, create } = createNoter()
    const stub = millrace(page)
    const { track } = stub
    installClient(page, 'millrace', create, () => NOW)
    expect(millrace(page)).toBe(stub)
    stub.track('A')
    track('B')
    expect(calls).toMatchObject([
      ['track', ['A'], NOW],
      ['track', ['B'], { href: 'https://shop.example/early' }],
    ])
  })

  test('loaded twice makes no second client', () => {
    const page = createPage()
    const [first, second] = [createNoter(), createNoter()]
    installClient(page, 'millrace', first.create, () => NOW)
    installClient(page, 'millrace', second.create, () => NOW)
    millrace(page).track('A')
    expect([first.calls.length, second.calls.length]).toEqual([1, 0])
  })

  test('works without a stub, and where an element has the name', () => {
    for (const element of [undefined, { id: 'millrace' }]) {
      const page = { ...createPage({ withStub: false }), millrace: element }
      const { calls, create } = createNoter()
      installClient(page, 'millrace', create, () => NOW)
      millrace(page).track('A')
      expect(calls).toEqual([['track', ['A'], NOW]])
      expect(element).toEqual(element && { id: 'millrace' })
    }
  })
})

describe('stub', () => {
  test('keeps by reference what JSON cannot hold, and never throws', () => {
    const page = createPage()
    const { calls, create } = createNoter()
    const circular: Record<string, unknown> = { a: 1 }
    circular['self'] = circular
    millrace(page).track('A', circular)
    installClient(page, 'millrace', create, () => NOW)
    expect(calls).toMatchObject([['track', ['A', { a: 1 }], {}]])
  })

  test('keeps 1,000 calls, for a script that is blocked', () => {
    const page = createPage()
    const { calls, create } = createNoter()
    for (let i = 0; i < 1_500; i++) millrace(page).track('A')
    installClient(page, 'millrace', create, () => NOW)
    expect(calls).toHaveLength(1_000)
  })

  test('leaves a client alone that is already there', () => {
    const page = createPage({ withStub: false })
    page['millrace'] = 'client'
    runInNewContext(readFileSync(new URL('stub.js', import.meta.url), 'utf8'), page)
    expect(page['millrace']).toBe('client')
  })
})
