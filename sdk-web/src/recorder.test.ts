import type { JsonObject, WireBatch, WireEvent } from '@millrace/schemas/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DropReason, Middleware, MutableEvent } from './api.ts'
import { createBatchFormer, encodeBatch } from './batch.ts'
import { createFakeCookieJar } from './fake-cookies.ts'
import { createFakeStorage } from './fakes.ts'
import { createIdentity } from './identity.ts'
import type { Call } from './recorder.ts'
import { createRecorder } from './recorder.ts'
import { createSessions } from './session.ts'
import type { Stamp } from './stamp.ts'
import { createStore } from './store.ts'

const NOW_MS = Date.UTC(2026, 0, 1, 12)
const STAMP: Stamp = {
  time: NOW_MS,
  href: 'https://shop.example/list?page=2#top',
  title: 'List',
  referrer: '',
}
const PAGE = {
  path: '/list',
  referrer: '',
  search: '?page=2',
  title: 'List',
  url: 'https://shop.example/list?page=2',
}

function setUp({ isOpen = true } = {}) {
  const storage = createFakeStorage()
  const store = createStore(
    () => storage,
    () => true,
  )
  const page = createFakeCookieJar().open('https://shop.example/')
  const identity = createIdentity(
    store,
    page,
    () => true,
    () => NOW_MS,
  )
  if (isOpen) identity.sync()
  const sessions = createSessions(store, {
    sessionTimeoutMs: 1_800_000,
    sessionPerDay: false,
    sessionPerCampaign: false,
  })
  const middlewares = new Set<Middleware>()
  const unreported: JsonObject = {}
  const dropped: DropReason[] = []
  const seen: (MutableEvent & { messageId: string })[] = []
  const former = createBatchFormer(
    'streamA',
    'key',
    () => undefined,
    () => NOW_MS,
  )
  const recorder = createRecorder(
    former,
    identity,
    sessions,
    middlewares,
    unreported,
    (reason) => {
      dropped.push(reason)
      unreported[reason] = ((unreported[reason] as number) || 0) + 1
    },
    (event) => seen.push(event),
  )
  const record = (call: object, stamp = STAMP, maxUnits = 1_000_000) =>
    recorder.record({ type: 'track', ...call } as Call, stamp, maxUnits)
  const numberAll = (base: JsonObject = {}, until?: Stamp) => {
    const batches: WireBatch[] = []
    recorder.numberAll(
      base,
      (given) => {
        for (const { stored } of given) batches.push(JSON.parse(encodeBatch(stored, NOW_MS)))
      },
      until,
    )
    return batches
  }
  return { recorder, record, numberAll, identity, sessions, middlewares, dropped, seen, former }
}

/** Events with their contexts merged, as the collector has them. */
function arrived(batches: WireBatch[]): (WireEvent & { context: JsonObject })[] {
  return batches.flatMap(({ batch, context }) =>
    batch.map((event) => ({ ...event, context: { ...context, ...event.context } })),
  )
}

function names(batches: WireBatch[]): unknown[] {
  return arrived(batches).map(({ event }) => event)
}

describe('event', () => {
  test('has everything about its moment', () => {
    const { record, numberAll, identity, seen } = setUp()
    identity.change({ userId: 'user-1', groupId: 'group-1' })
    expect(record({ event: 'A', properties: { b: 1 } })).toBe(1)
    identity.change({ userId: 'user-2' })
    const batches = numberAll({ locale: 'de' })
    const event = {
      type: 'track',
      event: 'A',
      properties: { b: 1 },
      userId: 'user-1',
      anonymousId: identity.person().anonymousId,
      timestamp: '2026-01-01T12:00:00.000Z',
    }
    const context = {
      locale: 'de',
      page: PAGE,
      session: { id: expect.any(String), index: 1, start: '2026-01-01T12:00:00.000Z', campaign: {} },
      groupId: 'group-1',
    }
    expect(batches).toMatchObject([{ firstSeq: 1, context, batch: [event] }])
    expect(batches[0]?.batch[0]).toEqual(event)
    expect(seen).toEqual([{ ...event, context, messageId: 'streamA-1' }])
  })

  test('is a copy: what the caller changes later does not travel', () => {
    const { record, numberAll } = setUp()
    const properties = { list: [1] }
    record({ event: 'A', properties, options: { context: { list: properties.list } } })
    properties.list.push(2)
    expect(arrived(numberAll())).toMatchObject([{ properties: { list: [1] }, context: { list: [1] } }])
  })

  test('that is a page view has the page as properties, under those of the caller', () => {
    const { record, numberAll } = setUp()
    record({ type: 'page', properties: { title: 'Mine', sort: 'price' } })
    record({ type: 'page' })
    record({ type: 'screen' })
    expect(arrived(numberAll()).map(({ properties }) => properties)).toEqual([
      { ...PAGE, title: 'Mine', sort: 'price' },
      PAGE,
      undefined,
    ])
  })

  test('waits, with those after it, where it is told to', () => {
    const { record, numberAll } = setUp()
    const later = { ...STAMP }
    record({ event: 'A' })
    record({ event: 'B' }, later)
    record({ event: 'C' })
    expect(names(numberAll({}, later))).toEqual(['A'])
    const rest = numberAll()
    expect(rest).toMatchObject([{ firstSeq: 2 }])
    expect(names(rest)).toEqual(['B', 'C'])
  })

  test('takes the options of its call', () => {
    const { record, numberAll } = setUp()
    const options = {
      timestamp: new Date(0),
      anonymousId: 'own',
      userId: 'mine',
      integrations: { All: false },
      context: { ip: '0.0.0.0', page: { url: 'own' } },
    }
    record({ event: 'A', options })
    expect(arrived(numberAll({ locale: 'de' }))).toMatchObject([
      {
        timestamp: '1970-01-01T00:00:00.000Z',
        anonymousId: 'own',
        userId: 'mine',
        integrations: { All: false },
        context: { locale: 'de', ip: '0.0.0.0', page: { url: 'own' } },
      },
    ])
  })

  test('keeps what it has where an option is undefined', () => {
    const { record, numberAll, identity } = setUp()
    identity.change({ userId: 'user-1' })
    const options = { timestamp: undefined, anonymousId: undefined, userId: undefined, context: undefined }
    record({ event: 'A', options })
    expect(arrived(numberAll())).toMatchObject([
      {
        timestamp: '2026-01-01T12:00:00.000Z',
        anonymousId: identity.person().anonymousId,
        userId: 'user-1',
        context: { page: PAGE },
      },
    ])
  })

  test('gets the id that was not known at its moment, and keeps what was', () => {
    const { record, numberAll, identity } = setUp({ isOpen: false })
    record({ event: 'before' })
    identity.change({ userId: 'user-1' })
    record({ event: 'after' })
    identity.sync()
    const [before, after] = arrived(numberAll())
    const { anonymousId } = identity.person()
    expect(anonymousId).toEqual(expect.any(String))
    expect([before?.anonymousId, after?.anonymousId]).toEqual([anonymousId, anonymousId])
    expect([before?.userId, after?.userId]).toEqual([undefined, 'user-1'])
  })
})

describe('middleware', () => {
  function run(middleware: Middleware, others: Middleware[] = []) {
    const set = setUp()
    for (const each of [middleware, ...others]) set.middlewares.add(each)
    for (const event of ['A', 'B', 'C']) set.record({ event, properties: { secret: 1, kept: 2 } })
    const batches = set.numberAll({ locale: 'de' })
    return { ...set, batches, events: arrived(batches) }
  }

  test('may change an event, its own alone', () => {
    const { events } = run((event) => {
      if (event.event !== 'B') return
      delete event.properties?.['secret']
      ;(event.context as JsonObject)['page'] = 'hidden'
      Object.assign(event.context as JsonObject, { locale: 'en' })
    })
    expect(events.map(({ properties }) => properties)).toEqual([
      { secret: 1, kept: 2 },
      { kept: 2 },
      { secret: 1, kept: 2 },
    ])
    expect(events.map(({ context }) => [context['page'], context['locale']])).toEqual([
      [PAGE, 'de'],
      ['hidden', 'en'],
      [PAGE, 'de'],
    ])
  })

  test('may give another event, which the next one sees', () => {
    const { events } = run(
      (event) => ({ ...event, event: `${event.event}1` }),
      [(event) => ({ ...event, event: `${event.event}2` })],
    )
    expect(events.map(({ event }) => event)).toEqual(['A12', 'B12', 'C12'])
  })

  test('may give an event without context', () => {
    const { events, dropped } = run(({ event = '', type, timestamp, anonymousId = '' }) => ({
      ...{ type, event, timestamp, anonymousId },
    }))
    expect(dropped).toEqual([])
    expect(events.map(({ event, context }) => [event, context])).toEqual([
      ['A', {}],
      ['B', {}],
      ['C', {}],
    ])
  })

  test('may take the context from one event', () => {
    const { batches, dropped } = run((event) => {
      if (event.event === 'B') delete event.context
    })
    expect([names(batches), dropped]).toEqual([['A', 'B', 'C'], []])
    const kept = Object.values(arrived(batches)[1]?.context ?? {}).filter((value) => value !== null)
    expect(kept).toEqual([])
  })

  test.each([null, false] as const)('leaves an event out by %s', (nothing) => {
    const { batches, dropped } = run((event) => (event.event === 'B' ? nothing : undefined))
    expect([names(batches), dropped]).toEqual([['A', 'C'], ['left_out']])
    expect(arrived(batches).map(({ context }) => context['dropped'])).toEqual([undefined, { left_out: 1 }])
  })

  test('that throws costs its event, because unchanged it might tell what it must not', () => {
    const { batches, dropped } = run((event) => {
      if (event.event === 'B') throw new Error('from the page')
    })
    expect([names(batches), dropped]).toEqual([['A', 'C'], ['middleware_failed']])
  })

  test.each([
    ['circular', (event: MutableEvent) => Object.assign(event.properties ?? {}, { event })],
    ['not JSON', (event: MutableEvent) => Object.assign(event.properties ?? {}, { big: 1n })],
    ['circular in its context', (event: MutableEvent) => Object.assign(event.context ?? {}, { event })],
  ])('that makes an event %s costs that event only, wherever it stands', (_, spoil) => {
    for (const spoiled of ['A', 'B', 'C']) {
      const { batches, dropped, recorder } = run((event) => {
        if (event.event === spoiled) spoil(event)
      })
      expect(names(batches)).toEqual(['A', 'B', 'C'].filter((name) => name !== spoiled))
      expect(dropped).toEqual(['invalid_call'])
      recorder.numberAll({}, (given) => expect(given).toEqual([]))
    }
  })

  test('sees nothing once it is taken away', () => {
    const { record, numberAll, middlewares } = setUp()
    const middleware = () => null
    middlewares.add(middleware)
    record({ event: 'A' })
    middlewares.delete(middleware)
    expect(names(numberAll())).toEqual(['A'])
  })

  test('that records is heard the next time', () => {
    const { record, numberAll, middlewares } = setUp()
    middlewares.add(({ event }) => void (event === 'A' && record({ event: 'B' })))
    record({ event: 'A' })
    expect([names(numberAll()), names(numberAll())]).toEqual([['A'], ['B']])
  })
})

describe('recorder', () => {
  test('gives up what is too large, and says so in the next event, once', () => {
    const { record, numberAll, dropped } = setUp()
    record({ event: 'huge', properties: { text: 'x'.repeat(33_000) } })
    record({ event: 'huge in bytes', properties: { text: 'ö'.repeat(16_000) } })
    record({ event: 'A' })
    record({ event: 'B' })
    expect(dropped).toEqual(['event_too_large'])
    const events = arrived(numberAll())
    expect(dropped).toEqual(['event_too_large', 'event_too_large'])
    expect(events.map(({ event, context }) => [event, context['dropped']])).toEqual([
      ['A', { event_too_large: 2 }],
      ['B', undefined],
    ])
    record({ event: 'C' })
    expect(arrived(numberAll())[0]?.context['dropped']).toBeUndefined()
  })

  test('gives up what there is no room for, until what waits is numbered', () => {
    const { record, numberAll, dropped } = setUp()
    const counts = Array.from({ length: 10 }, () => record({ event: 'A' }, STAMP, 1_000))
    const taken = counts.at(-1) ?? 0
    expect(taken).toBeGreaterThan(2)
    expect(dropped).toEqual(Array(10 - taken).fill('queue_full'))
    expect(names(numberAll())).toHaveLength(taken)
    expect(record({ event: 'A' }, STAMP, 1_000)).toBe(1)
  })

  test('forgets what waits, and tells how much that was', () => {
    const { record, recorder, numberAll } = setUp()
    record({ event: 'A' })
    record({ event: 'B' })
    expect(recorder.forget()).toBe(2)
    expect(recorder.forget()).toBe(0)
    expect(numberAll()).toEqual([])
  })

  test('never throws, whatever is handed over', () => {
    const evil = new Proxy(
      {},
      {
        get() {
          throw new Error('get')
        },
        ownKeys() {
          throw new Error('keys')
        },
      },
    )
    const value = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withMap: true }),
      fc.constant(evil),
    )
    fc.assert(
      fc.property(value, value, value, (event, properties, options) => {
        const { record, numberAll } = setUp()
        record({ event, properties, options })
        record({ event: 'after' })
        expect(names(numberAll()).at(-1)).toBe('after')
      }),
    )
  })

  test('counts calls whose values throw when they are read', () => {
    const { record, numberAll, dropped } = setUp()
    const throwing = () => {
      throw new Error('from the page')
    }
    record({ event: 'A', properties: { toJSON: throwing } })
    record({ event: 'B', properties: Object.defineProperty({}, 'a', { get: throwing, enumerable: true }) })
    record({ event: 'C' })
    expect(dropped).toEqual(['invalid_call', 'invalid_call'])
    expect(arrived(numberAll())).toMatchObject([{ event: 'C', context: { dropped: { invalid_call: 2 } } }])
  })

  test('counts calls that fail because the page broke a part of the browser', () => {
    const { record, numberAll, dropped } = setUp()
    record({ event: 'A' }, { ...STAMP, href: 'no address' })
    record({ event: 'B' })
    expect([names(numberAll()), dropped]).toEqual([['B'], ['invalid_call']])
  })

  test('numbers without a gap, and accounts for every call', () => {
    const kinds = fc.constantFrom('kept', 'left', 'throws', 'huge', 'circular', 'take')
    fc.assert(
      fc.property(fc.array(kinds, { maxLength: 30 }), (calls) => {
        const { record, numberAll, middlewares, dropped } = setUp()
        middlewares.add((event) => {
          if (event.event === 'left') return null
          if (event.event === 'throws') throw new Error('from the page')
          if (event.event === 'circular') Object.assign(event.context as JsonObject, { event })
          return undefined
        })
        const batches: WireBatch[] = []
        for (const event of calls) {
          if (event === 'take') batches.push(...numberAll())
          else record({ event, ...(event === 'huge' ? { properties: { text: 'ö'.repeat(16_000) } } : {}) })
        }
        record({ event: 'kept' })
        batches.push(...numberAll())
        const kept = calls.filter((event) => event === 'kept').length + 1
        const numbers = batches.flatMap(({ firstSeq = 0, batch }) => batch.map((_, i) => firstSeq + i))
        expect(numbers).toEqual(Array.from({ length: kept }, (_, i) => i + 1))
        const reported = arrived(batches).flatMap(({ context }) => Object.values(context['dropped'] ?? {}))
        const lost = calls.filter((event) => event !== 'kept' && event !== 'take').length
        expect(dropped).toHaveLength(lost)
        expect(reported.reduce((sum, count) => sum + count, 0)).toBe(lost)
      }),
    )
  })
})

describe('numbering that is interrupted', () => {
  // Firefox stops the script of a page that is closed, wherever it is, and calls `pagehide` then.
  test('goes on with what has no number yet', () => {
    const { record, recorder, numberAll } = setUp()
    for (let i = 0; i < 2_000; i++) record({ event: `E${i}` })
    const given: WireBatch[] = []
    const stop = () =>
      recorder.numberAll({}, (batches) => {
        for (const { stored } of batches) given.push(JSON.parse(encodeBatch(stored, NOW_MS)))
        throw new Error('stopped')
      })
    expect(stop).toThrow('stopped')
    given.push(...numberAll())
    const all = given.flatMap(({ batch }) => batch.map(({ event }) => event))
    expect(new Set(all).size).toBe(2_000)
    expect(all.length - new Set(all).size).toBeLessThanOrEqual(1)
  })

  test('leaves for the next time what is recorded meanwhile', () => {
    const { record, numberAll, middlewares } = setUp()
    middlewares.add(({ event }) => void (event === 'A' && record({ event: 'B' })))
    record({ event: 'A' })
    expect(names(numberAll())).toEqual(['A'])
    expect(names(numberAll())).toEqual(['B'])
  })
})
