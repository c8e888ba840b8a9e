import { describe, expect, test, vi } from 'vitest'
import type { Millrace } from './api.ts'
import { encodeCall } from './call-text.ts'
import { createEmitter, createVerbs } from './client.ts'
import { createFakeStorage } from './fakes.ts'
import { createIdentity } from './identity.ts'
import type { Call } from './recorder.ts'
import { createStore } from './store.ts'

type Verbs = Pick<
  Millrace,
  'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias' | 'reset' | 'user' | 'setAnonymousId'
>

/** A client of an anonymous visitor `anon`, and what it records: fields of the event, `as` whom, `options` apart. */
function setUp() {
  const area = createFakeStorage()
  const store = createStore(
    () => area,
    () => true,
  )
  const page = { cookie: '', location: { hostname: 'shop.example', protocol: 'https:' } }
  const identity = createIdentity(
    store,
    page,
    () => false,
    () => 0,
  )
  identity.change({ anonymousId: 'anon' })
  identity.sync()
  const calls: object[] = []
  const record = (call: Call) => {
    const { userId: as } = identity.person()
    try {
      calls.push(JSON.parse(encodeCall({ ...call, ...(as === undefined ? {} : { as }) })))
    } catch {
      calls.push({ type: call.type }) // given up, and counted
    }
  }
  const { on, emit } = createEmitter()
  const onReset = vi.fn()
  const client = createVerbs({ ...identity, record, finish: onReset }, emit, () => {}) as Verbs
  return { client, loose: client as unknown as Loose, calls, identity, on, emit, onReset }
}

/** The verbs for those who write no types. */
type Loose = Record<keyof Verbs, (...args: unknown[]) => Promise<void>>

const PROPERTIES = { a: 1 }
const OPTIONS = { context: { b: 2 } }
const options = OPTIONS
const callback = () => {}

/** Argument forms of Segment's `analytics.js`, and the event they make. */
const FORMS: [verb: keyof Verbs, args: unknown[], event: object][] = [
  ['track', ['A'], { event: 'A' }],
  ['track', ['A', callback], { event: 'A' }],
  ['track', ['A', PROPERTIES], { event: 'A', properties: PROPERTIES }],
  ['track', ['A', PROPERTIES, callback], { event: 'A', properties: PROPERTIES }],
  ['track', ['A', PROPERTIES, OPTIONS], { event: 'A', properties: PROPERTIES, options }],
  ['track', ['A', PROPERTIES, OPTIONS, callback], { event: 'A', properties: PROPERTIES, options }],
  ['track', ['A', null, OPTIONS], { event: 'A', options }],
  ['track', ['A', undefined, undefined, callback], { event: 'A' }],
  ...(['page', 'screen'] as const).flatMap((verb): [keyof Verbs, unknown[], object][] => [
    [verb, [], {}],
    [verb, [callback], {}],
    [verb, [PROPERTIES], { properties: PROPERTIES }],
    [verb, [PROPERTIES, callback], { properties: PROPERTIES }],
    [verb, [PROPERTIES, OPTIONS, callback], { properties: PROPERTIES, options }],
    [verb, ['N'], { name: 'N' }],
    [verb, ['N', callback], { name: 'N' }],
    [verb, ['N', PROPERTIES], { name: 'N', properties: PROPERTIES }],
    [verb, ['N', PROPERTIES, callback], { name: 'N', properties: PROPERTIES }],
    [verb, ['N', PROPERTIES, OPTIONS, callback], { name: 'N', properties: PROPERTIES, options }],
    [verb, ['C', 'N'], { category: 'C', name: 'N' }],
    [verb, ['C', 'N', callback], { category: 'C', name: 'N' }],
    [verb, ['C', 'N', PROPERTIES], { category: 'C', name: 'N', properties: PROPERTIES }],
    [verb, ['C', 'N', PROPERTIES, OPTIONS], { category: 'C', name: 'N', properties: PROPERTIES, options }],
    [verb, ['C', 'N', null, OPTIONS, callback], { category: 'C', name: 'N', options }],
    [verb, [null, 'N'], { name: 'N' }],
    [verb, [undefined, 'N', PROPERTIES], { name: 'N', properties: PROPERTIES }],
    [verb, ['N', null, OPTIONS], { name: 'N', options }],
  ]),
  ['identify', ['u'], { as: 'u', traits: {} }],
  ['identify', [7], { as: '7', traits: {} }],
  ['identify', ['u', callback], { as: 'u', traits: {} }],
  ['identify', ['u', PROPERTIES], { as: 'u', traits: PROPERTIES }],
  ['identify', ['u', PROPERTIES, callback], { as: 'u', traits: PROPERTIES }],
  ['identify', ['u', PROPERTIES, OPTIONS, callback], { as: 'u', traits: PROPERTIES, options }],
  ['identify', ['u', null, OPTIONS], { as: 'u', traits: {}, options }],
  ['identify', [PROPERTIES], { traits: PROPERTIES }],
  ['identify', [PROPERTIES, callback], { traits: PROPERTIES }],
  ['identify', [PROPERTIES, OPTIONS, callback], { traits: PROPERTIES, options }],
  ['identify', [null, PROPERTIES], { traits: PROPERTIES }],
  ['group', ['g'], { groupId: 'g' }],
  ['group', [7], { groupId: '7' }],
  ['group', ['g', callback], { groupId: 'g' }],
  ['group', ['g', PROPERTIES], { groupId: 'g', traits: PROPERTIES }],
  ['group', ['g', PROPERTIES, callback], { groupId: 'g', traits: PROPERTIES }],
  ['group', ['g', PROPERTIES, OPTIONS, callback], { groupId: 'g', traits: PROPERTIES, options }],
  ['alias', ['u'], { userId: 'u', previousId: 'anon' }],
  ['alias', [7, 8], { userId: '7', previousId: '8' }],
  ['alias', ['u', callback], { userId: 'u', previousId: 'anon' }],
  ['alias', ['u', 'old'], { userId: 'u', previousId: 'old' }],
  ['alias', ['u', 'old', callback], { userId: 'u', previousId: 'old' }],
  ['alias', ['u', 'old', OPTIONS], { userId: 'u', previousId: 'old', options }],
  ['alias', ['u', 'old', OPTIONS, callback], { userId: 'u', previousId: 'old', options }],
  ['alias', ['u', null, OPTIONS], { userId: 'u', previousId: 'anon', options }],
  ['alias', ['u', OPTIONS], { userId: 'u', previousId: 'anon', options }],
]

const shown = FORMS.map(([verb, args, event]) => {
  const text = args.map((arg) => (typeof arg === 'function' ? 'callback' : String(JSON.stringify(arg))))
  return [`${verb}(${text.join(', ')})`, verb, args, event] as const
})

describe('verbs', () => {
  test.each(shown)('%s', async (_, verb, args, event) => {
    const { loose, calls } = setUp()
    const called = vi.fn()
    const answer = loose[verb](...args.map((arg) => (arg === callback ? called : arg)))
    expect(called).not.toHaveBeenCalled()
    await answer
    expect(calls).toEqual([{ type: verb, ...event }])
    expect(called).toHaveBeenCalledTimes(args.includes(callback) ? 1 : 0)
  })

  test('group without an id tells more of the one before', () => {
    const { loose, calls, identity } = setUp()
    void loose.group('g')
    void loose.group(PROPERTIES)
    expect(calls[1]).toEqual({ type: 'group', groupId: 'g', traits: PROPERTIES })
    expect(identity.person().groupId).toBe('g')
  })

  test('alias names nobody before, as long as nobody is known', () => {
    const calls: Call[] = []
    const nobody = { person: () => ({}), change: () => {} }
    const record = (call: Call) => void calls.push(call)
    const client = createVerbs({ ...nobody, record, finish: () => {} }, createEmitter().emit, () => {})
    void client.alias('u1')
    expect(calls[0]).toMatchObject({ userId: 'u1', previousId: undefined })
  })

  test('identify of another user is another visitor, as with Segment', () => {
    const { client } = setUp()
    void client.identify('u')
    expect(client.user().anonymousId()).toBe('anon')
    void client.identify('v')
    expect(client.user().anonymousId()).toMatch(/^\w{16}$/)
  })

  test('alias names the user before, where there is one', () => {
    const { client, calls } = setUp()
    void client.identify('old')
    void client.alias('new')
    expect(calls[1]).toMatchObject({ userId: 'new', previousId: 'old' })
  })

  test('know the visitor from identify on, until reset', () => {
    const { client, calls, onReset } = setUp()
    const user = client.user()
    expect([user.id(), user.anonymousId(), user.traits()]).toEqual([undefined, 'anon', {}])
    void client.identify('u', { name: 'Ada' })
    void client.identify({ plan: 'pro' })
    expect([user.id(), user.anonymousId(), user.traits()]).toEqual([
      'u',
      'anon',
      { name: 'Ada', plan: 'pro' },
    ])
    expect(calls[1]).toEqual({ type: 'identify', as: 'u', traits: { name: 'Ada', plan: 'pro' } })
    void client.group('g')
    client.reset()
    expect([user.id(), user.traits()]).toEqual([undefined, {}])
    expect(user.anonymousId()).toMatch(/^\w{16}$/)
    expect(onReset).toHaveBeenCalledOnce()
  })

  test('forget the traits of another person, and keep what was said of the same', () => {
    const { client } = setUp()
    void client.identify({ seen: 'before' })
    void client.identify('u', { name: 'Ada' })
    expect(client.user().traits()).toEqual({ seen: 'before', name: 'Ada' })
    void client.identify('v')
    expect(client.user().traits()).toEqual({})
  })

  test('keep traits as they were when they were given', () => {
    const { client } = setUp()
    const traits = { list: ['a'] }
    void client.identify('u', traits)
    traits.list.push('b')
    expect(client.user().traits()).toEqual({ list: ['a'] })
  })

  test('take another anonymous id', () => {
    const { loose, client } = setUp()
    client.setAnonymousId('mine')
    expect(client.user().anonymousId()).toBe('mine')
    void loose.setAnonymousId(7)
    expect(client.user().anonymousId()).toBe('7')
  })
})

describe('verbs with hostile arguments', () => {
  const thrower = () => {
    throw new Error('hostile')
  }
  const circular: Record<string, unknown> = { kept: 1 }
  circular['self'] = circular
  const throwing = Object.defineProperty({ kept: 1 }, 'bad', { get: thrower, enumerable: true })
  const { proxy: revoked, revoke } = Proxy.revocable({}, {})
  revoke()
  const hostile: [string, unknown][] = [
    ['circular', circular],
    ['getter', throwing],
    ['revoked proxy', revoked],
    ['proxy', new Proxy({}, { get: thrower, ownKeys: thrower })],
    ['toJSON', { toJSON: thrower }],
    ['BigInt', { n: 1n }],
    ['symbol', Symbol('x')],
    ['function', Object.assign(() => {}, { toString: thrower })],
    ['no prototype', Object.create(null)],
    ['no text', { toString: thrower, valueOf: thrower }],
    ['NaN', Number.NaN],
  ]
  const verbs = ['track', 'page', 'screen', 'identify', 'group', 'alias', 'setAnonymousId'] as const

  test.each(hostile)('never throw: %s', (_, value) => {
    for (const verb of verbs) {
      const { loose } = setUp()
      for (const args of [
        [value],
        ['A', value],
        ['A', 'B', value],
        ['A', {}, value],
        [value, value, value],
      ]) {
        expect(() => loose[verb](...args), verb).not.toThrow()
      }
    }
  })

  test.each(hostile)('keep the visitor such that storage takes it: %s', (_, value) => {
    const { loose, identity } = setUp()
    try {
      void loose.identify('u', value)
    } catch {}
    expect(() => JSON.stringify(identity.person())).not.toThrow()
  })

  test.each([
    ['circular', circular, { kept: 1 }],
    ['BigInt', { n: 1n }, { n: '1' }],
  ])('keep what can be read of traits, and the user: %s', (_, value, traits) => {
    const { loose, identity, calls } = setUp()
    void loose.identify('u', value)
    expect(JSON.parse(JSON.stringify(identity.person()))).toEqual({
      anonymousId: 'anon',
      userId: 'u',
      traits,
    })
    expect(calls[0]).toEqual({ type: 'identify', as: 'u', traits })
  })

  test('record calls without a name, which their owner sees in quarantine', () => {
    const { loose, calls } = setUp()
    for (const verb of ['track', 'page', 'identify', 'group', 'alias'] as const) void loose[verb]()
    expect(calls.map((call) => (call as { type: string }).type)).toEqual([
      ...['track', 'page', 'identify', 'group', 'alias'],
    ])
  })
})

describe('emitter', () => {
  test('tells what was called, with the arguments as they came', () => {
    const { client, on } = setUp()
    const heard: unknown[] = []
    for (const name of ['track', 'page', 'identify', 'group', 'alias', 'reset'] as const) {
      on(name, (...args) => heard.push([name, ...args]))
    }
    void client.track('A', PROPERTIES)
    void client.page()
    void client.identify('u')
    client.reset()
    expect(heard).toEqual([['track', 'A', PROPERTIES], ['page'], ['identify', 'u'], ['reset']])
  })

  test('goes on after a listener that throws', () => {
    const { client, on, calls } = setUp()
    const heard = vi.fn()
    on('track', () => {
      throw new Error('of the page')
    })
    on('track', heard)
    on('track', 'no function' as never)
    void client.track('A')
    expect([heard.mock.calls.length, calls.length]).toEqual([1, 1])
  })

  test('tells nobody who has left, and leaving twice takes nobody else along', () => {
    const { on, emit } = createEmitter()
    const [first, second] = [vi.fn(), vi.fn()]
    const leave = on('reset', first)
    on('reset', second)
    leave()
    leave()
    emit('reset')
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([0, 1])
  })

  test('leaves out nobody when one comes or goes while it tells', () => {
    const { on, emit } = createEmitter()
    const heard: string[] = []
    const leave = on('reset', () => {
      heard.push('once')
      leave()
      on('reset', () => heard.push('late'))
    })
    on('reset', () => heard.push('always'))
    emit('reset')
    expect(heard).toEqual(['once', 'always'])
    emit('reset')
    expect(heard).toEqual(['once', 'always', 'always', 'late'])
  })

  test('tells a function that listens twice, twice, and lets it leave once', () => {
    const { on, emit } = createEmitter()
    const heard = vi.fn()
    const leave = on('reset', heard)
    on('reset', heard)
    leave()
    emit('reset')
    expect(heard).toHaveBeenCalledOnce()
  })
})
