import { describe, expect, test } from 'vitest'
import type { Millrace } from './api.ts'
import { createClient } from './client.ts'
import { createFakeStorage } from './fakes.ts'
import { createIdentity } from './identity.ts'
import { createQueue } from './queue.ts'
import { createStore } from './store.ts'

const STAMP = { timestamp: '2026-01-01T00:00:00.000Z', href: 'https://shop.example/', title: 'Shop' }

function setUp({ maxEvents = 100, stamp = () => STAMP } = {}) {
  const queue = createQueue(maxEvents, 1_000_000)
  const storage = createFakeStorage()
  const dropped: string[] = []
  let wakes = 0
  const client = createClient({
    stamp,
    identity: createIdentity(createStore(() => storage)),
    queue,
    delivery: { wake: () => wakes++, flush: async () => {}, leave: () => {} },
    onDropped: (reason) => dropped.push(reason),
    dropped: {},
  })
  /** The events that were queued, less the anonymous id, as JSON has them. */
  const queued = () => {
    const events: object[] = []
    for (let next = queue.peek(); next; next = queue.peek()) {
      const { anonymousId, ...fields } = next.fields
      expect(anonymousId).toEqual(expect.any(String))
      events.push(JSON.parse(JSON.stringify(fields)))
      queue.shift()
    }
    return events
  }
  return { client, queue, queued, dropped, wakes: () => wakes }
}

describe('client', () => {
  test('records where and when', () => {
    const { client, queue, wakes } = setUp()
    client.track('Clicked')
    expect(queue.peek()).toMatchObject(STAMP)
    expect(wakes()).toBe(1)
  })

  test.each<[string, (client: Millrace) => void, object]>([
    ['track', (c) => c.track('A'), { type: 'track', event: 'A' }],
    ['track', (c) => c.track('A', { b: 1 }), { type: 'track', event: 'A', properties: { b: 1 } }],
    ['page', (c) => c.page(), { type: 'page' }],
    ['page', (c) => c.page('Name'), { type: 'page', name: 'Name' }],
    ['page', (c) => c.page('Cat', 'Name'), { type: 'page', category: 'Cat', name: 'Name' }],
    ['page', (c) => c.page({ a: 1 }), { type: 'page', properties: { a: 1 } }],
    ['page', (c) => c.page('Name', { a: 1 }), { type: 'page', name: 'Name', properties: { a: 1 } }],
    [
      'page',
      (c) => c.page('Cat', 'Name', { a: 1 }),
      { type: 'page', category: 'Cat', name: 'Name', properties: { a: 1 } },
    ],
    ['identify', (c) => c.identify('u'), { type: 'identify', userId: 'u' }],
    ['identify', (c) => c.identify(7, { a: 1 }), { type: 'identify', userId: '7', traits: { a: 1 } }],
    ['identify', (c) => c.identify({ a: 1 }), { type: 'identify', traits: { a: 1 } }],
  ])('%s takes the argument forms of Segment', (_, call, event) => {
    const { client, queued } = setUp()
    call(client)
    expect(queued()).toEqual([event])
  })

  test('copies properties during the call', () => {
    const { client, queued } = setUp()
    const properties = { step: 1, nested: { list: ['a'] } }
    client.track('Step', properties)
    properties.step = 2
    properties.nested.list.push('b')
    client.track('Step', properties)
    expect(queued()).toMatchObject([
      { properties: { step: 1, nested: { list: ['a'] } } },
      { properties: { step: 2, nested: { list: ['a', 'b'] } } },
    ])
  })

  test('gives the user to later events only, until reset', () => {
    const { client, queue } = setUp()
    client.track('A')
    client.identify('u')
    client.track('B')
    client.reset()
    client.track('C')
    const ids: unknown[] = []
    for (let next = queue.peek(); next; next = queue.peek()) {
      ids.push([next.fields.userId, next.fields.anonymousId])
      queue.shift()
    }
    const [before, after] = [ids[0], ids[3]].map((pair) => (pair as string[])[1])
    expect(before).not.toBe(after)
    expect(ids).toEqual([
      [undefined, before],
      ['u', before],
      ['u', before],
      [undefined, after],
    ])
  })

  test('never throws, and sends what can be sent', () => {
    const { client, queued } = setUp()
    const hostile = client as unknown as Record<'track' | 'page' | 'identify', (...args: unknown[]) => void>
    const circular: Record<string, unknown> = { kept: true }
    circular['self'] = circular
    hostile.track('A', circular)
    hostile.track(circular, null)
    hostile.track()
    hostile.page(null, 'Name', undefined)
    hostile.page(Symbol('x'), () => 1)
    hostile.identify(null, { a: 1n })
    hostile.identify(undefined, null)
    expect(queued()).toEqual([
      { type: 'track', event: 'A', properties: { kept: true } },
      { type: 'track', event: { kept: true } },
      { type: 'track' },
      { type: 'page', name: 'Name' },
      { type: 'page' },
      { type: 'identify', traits: { a: '1' } },
      { type: 'identify' },
    ])
  })

  test('counts what it gives up', () => {
    const { client, dropped, wakes } = setUp({ maxEvents: 1 })
    client.track('huge', { text: 'x'.repeat(40_000) })
    client.track('A')
    client.track('B')
    expect(dropped).toEqual(['event_too_large', 'queue_full'])
    expect(wakes()).toBe(1)
  })

  test('survives a page whose clock throws', () => {
    const { client, dropped } = setUp({
      stamp: () => {
        throw new Error('patched by the page')
      },
    })
    client.track('A')
    expect(dropped).toEqual(['invalid_call'])
  })
})
