import type { EnrichHook, HookEvent, HookRequest } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { runHook } from './hook.ts'

const event: HookEvent = {
  type: 'track',
  messageId: 'm1',
  timestamp: 1_000,
  event: 'Order Completed',
  anonymousId: 'a1',
  properties: { price: 2, items: [{ id: 'p1' }] },
  traits: {},
  context: { page: { path: '/' } },
}
const request: HookRequest = { source: 'shop', receivedAt: 2_000, country: 'DE', device: { type: 'mobile' } }

/** Runs anything as a hook: users' code is not held by types. */
async function run(
  hook: (event: HookEvent, request: HookRequest) => unknown,
  before = event,
  timeoutMs = 10,
) {
  const logged: Record<string, unknown>[] = []
  const log = (record: Record<string, unknown>) => void logged.push(record)
  const outcome = await runHook(hook as EnrichHook, before, request, { timeoutMs, log })
  return { outcome, logged }
}

const nested = (levels: number): object => (levels === 0 ? {} : { a: nested(levels - 1) })

describe('a hook', () => {
  it('changes what it may, and what it takes away is undefined', async () => {
    const { outcome, logged } = await run(({ anonymousId: _, ...rest }, { country }) => ({
      ...rest,
      type: 'page',
      messageId: 'other',
      timestamp: 5,
      event: 'Order Paid',
      userId: 'u1',
      properties: { ...rest.properties, country },
      extra: 1,
    }))
    expect(outcome).toEqual({
      kind: 'event',
      event: {
        ...event,
        userId: 'u1',
        anonymousId: undefined,
        name: undefined,
        category: undefined,
        groupId: undefined,
        properties: { price: 2, items: [{ id: 'p1' }], country: 'DE' },
      },
    })
    expect(Object.hasOwn((outcome as { event: object }).event, 'anonymousId')).toBe(true)
    expect(logged).toEqual([])
  })

  it('may give a promise', async () => {
    const { outcome } = await run(async (given) => ({ ...given, name: 'Later' }))
    expect(outcome).toMatchObject({ kind: 'event', event: { name: 'Later' } })
  })

  it.each([['Order Paid'], [undefined], [null], [''], [7], ['e'.repeat(513)]])(
    'does not change what the event is called: %j',
    async (name) => {
      const { outcome } = await run((given) => ({ ...given, event: name, userId: 'u1' }))
      expect(outcome).toMatchObject({ kind: 'event', event: { event: 'Order Completed', userId: 'u1' } })
    },
  )

  it('gives no name to an event that has none', async () => {
    const { event: _, ...page } = { ...event, type: 'page' as const }
    const { outcome } = await run((given) => ({ ...given, event: 'Seen' }), page)
    expect(outcome).toMatchObject({ kind: 'event', event: { event: undefined } })
  })

  it.each([
    ['at once', () => null],
    ['later', async () => null],
  ])('leaves an event out by null, %s', async (_, hook) => {
    expect(await run(hook)).toEqual({ outcome: { kind: 'left_out' }, logged: [] })
  })

  it('reaches neither the event nor the request of the others', async () => {
    const before = structuredClone({ event, request })
    await run((given, { device }) => {
      Object.assign(given.properties, { price: 0 })
      Object.assign(device ?? {}, { type: 'tv' })
      throw new Error('afterwards')
    })
    expect({ event, request }).toEqual(before)
  })

  it('gives what cannot change any more', async () => {
    const properties = { price: 1 }
    const { outcome } = await run((given) => ({ ...given, properties }))
    properties.price = 99
    expect(outcome).toMatchObject({ event: { properties: { price: 1 } } })
  })

  it('gives plain, valid JSON without keys that change a prototype', async () => {
    const properties = JSON.parse('{"__proto__":{"x":1},"constructor":{"prototype":{}},"text":"\\ud800"}')
    const { outcome } = await run((given) => ({
      ...given,
      name: 'x\ud800',
      properties: { ...properties, when: new Date(0), none: undefined, nan: Number.NaN },
    }))
    expect(outcome).toMatchObject({ event: { name: 'x\ufffd' } })
    expect(JSON.stringify((outcome as { event: HookEvent }).event.properties)).toBe(
      '{"text":"\ufffd","when":"1970-01-01T00:00:00.000Z","nan":null}',
    )
  })

  it('costs no timer when it gives no promise', async () => {
    const timers = globalThis.setTimeout
    globalThis.setTimeout = (() => {
      throw new Error('a timer was set')
    }) as unknown as typeof setTimeout
    try {
      const { outcome } = await run((given) => given)
      expect(outcome.kind).toBe('event')
    } finally {
      globalThis.setTimeout = timers
    }
  })
})

describe('a hook that fails leaves the event as it was', () => {
  const bomb = (field: string) => (given: HookEvent) =>
    Object.defineProperty({ ...given }, field, {
      get() {
        throw new Error('boom')
      },
    })
  const thenable = (then: () => void) => Object.defineProperty({}, 'then', { value: then })
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic

  it.each<[string, (given: HookEvent) => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
      'Error',
    ],
    [
      'throws text',
      () => {
        throw 'text'
      },
      'threw text of 4 characters',
    ],
    [
      'throws nothing',
      () => {
        throw undefined
      },
      'threw a value of type undefined',
    ],
    [
      'throws what has no text',
      () => {
        throw Object.create(null)
      },
      'threw a value of type object',
    ],
    [
      'throws a symbol',
      () => {
        throw Symbol('s')
      },
      'threw a value of type symbol',
    ],
    ['rejects', () => Promise.reject(new Error('broken')), 'Error'],
    ['rejects with nothing', () => Promise.reject(), 'threw a value of type undefined'],
    ['never ends', () => new Promise(() => {}), 'took over 10 ms'],
    ['never calls back', () => thenable(() => {}), 'took over 10 ms'],
    [
      'throws what cannot be read',
      () => {
        throw new Proxy(new Error('p'), {
          get() {
            throw new Error('boom')
          },
        })
      },
      'something that cannot be read',
    ],
    [
      'has a then that throws',
      () =>
        thenable(() => {
          throw new Error('then')
        }),
      'Error',
    ],
    ['gives a bomb for then', bomb('then'), 'Error'],
    ['gives a bomb for properties', bomb('properties'), 'Error'],
    ['gives a bomb for userId', bomb('userId'), 'Error'],
    [
      'gives a deep bomb',
      (given) => ({
        ...given,
        context: bomb('x')(given) && {
          get x() {
            throw new Error('deep')
          },
        },
      }),
      'Error',
    ],
    ['gives nothing', () => undefined, 'an event or null, got a value of type undefined'],
    ['gives text', () => 'event', 'got text of 5 characters'],
    ['gives an array', (given) => [given], 'got an array'],
    ['gives a function', () => () => {}, 'got a value of type function'],
    ['gives no properties', ({ properties: _, ...rest }) => rest, 'properties must be an object'],
    ['gives null for traits', (given) => ({ ...given, traits: null }), 'traits must be an object, got null'],
    [
      'gives an array for context',
      (given) => ({ ...given, context: [] }),
      'context must be an object, got an array',
    ],
    [
      'gives what is text in JSON',
      (given) => ({ ...given, properties: new Date(0) }),
      'properties must be an object in JSON',
    ],
    ['gives a circle', (given) => ({ ...given, properties: cyclic }), 'TypeError'],
    ['gives a BigInt', (given) => ({ ...given, properties: { n: 1n } }), 'TypeError'],
    [
      'gives too much',
      (given) => ({ ...given, properties: { x: 'ü'.repeat(16_400) } }),
      'at most 32768 bytes, the hook made it',
    ],
    ['nests too deep', (given) => ({ ...given, properties: nested(63) }), 'nest at most 64'],
    ['exhausts the stack', (given) => ({ ...given, properties: nested(5_000) }), ''],
    [
      'gives an id that is empty',
      (given) => ({ ...given, userId: '' }),
      'userId must be 1 to 256 characters',
    ],
    [
      'gives an id that is too long',
      (given) => ({ ...given, userId: 'u'.repeat(257) }),
      'got text of 257 characters',
    ],
    ['gives a number for an id', (given) => ({ ...given, userId: 7 }), 'got a value of type number'],
    ['gives null for an id', (given) => ({ ...given, groupId: null }), 'got null'],
    ['gives a long name', (given) => ({ ...given, name: 'e'.repeat(513) }), 'name must be 1 to 512'],
    [
      'takes identity away',
      (given) => ({ ...given, anonymousId: undefined }),
      'must leave a userId or an anonymousId',
    ],
  ])('%s', async (_, hook, message) => {
    const { outcome, logged } = await run(hook)
    expect(outcome).toEqual({ kind: 'failed', error: expect.stringContaining(message) })
    expect(logged).toMatchObject([{ event: 'hook_failed', source: 'shop', messageId: 'm1' }])
  })

  const named = (name: unknown) => Object.assign(new Error('Ada'), { name })
  class LookupFailed extends Error {
    override readonly name = 'LookupFailed'
  }

  it.each<[string, unknown, string]>([
    ['an error', new Error('no row for ada@example.com'), 'Error'],
    ['an error of a kind', new TypeError('no row for ada@example.com'), 'TypeError'],
    ['an error of its own', new LookupFailed('ada@example.com'), 'LookupFailed'],
    ['an error with a sentence for a name', named('Ada Lovelace, ada@example.com'), 'Error'],
    ['an error with a long name', named('A'.repeat(65)), 'Error'],
    ['text', 'ada@example.com', 'the hook threw text of 15 characters'],
    ['an object', { email: 'ada@example.com' }, 'the hook threw a value of type object'],
  ])('and logs nothing personal: %s', async (_, thrown, error) => {
    const { outcome, logged } = await run(() => {
      throw thrown
    })
    expect(outcome).toEqual({ kind: 'failed', error })
    expect(logged).toEqual([{ level: 'error', event: 'hook_failed', source: 'shop', messageId: 'm1', error }])
  })

  it('also when it rejects after its time', async () => {
    const { promise, reject } = Promise.withResolvers()
    expect((await run(() => promise)).outcome.kind).toBe('failed')
    // An unhandled rejection would fail the whole run.
    reject(new Error('late'))
    await new Promise((resolve) => setTimeout(resolve, 5))
  })
})

it.each<[Partial<HookEvent>, Partial<HookEvent>, string]>([
  [{ type: 'group', groupId: 'g' }, { groupId: undefined }, 'failed'],
  [{ type: 'alias', userId: 'u' }, { userId: undefined }, 'failed'],
  [{ type: 'page', event: undefined }, { name: 'Home' }, 'event'],
  [{ type: 'page', anonymousId: undefined }, {}, 'event'],
  [{ type: 'page', userId: 'u' }, { userId: undefined }, 'event'],
])('a hook on %j that gives %j: %s', async (before, changed, kind) => {
  const { outcome } = await run((given) => ({ ...given, ...changed }), { ...event, ...before })
  expect(outcome.kind).toBe(kind)
})
