import { describe, expect, it } from 'vitest'
import { createFakeClient, NAVIGATION, SCRIPT_REQUEST } from './fake-client.ts'
import type { MiddlewareOptions } from './types.ts'
import { createVisits } from './visits.ts'

const PAGE = { status: 200, contentType: 'text/html', route: '/', isAborted: false }
const CALL = { ...PAGE, contentType: 'application/json' }

const boom = () => {
  throw new Error('boom')
}
const rejects = (async () => boom()) as never

/** One request and its end; the events that it made. */
function visit(
  options: MiddlewareOptions<object>,
  outcome = PAGE,
  headers: Record<string, string> = outcome === PAGE ? NAVIGATION : SCRIPT_REQUEST,
  request: object = {},
) {
  const client = createFakeClient()
  const facts = { method: 'GET', headers, url: 'https://shop.test/' }
  createVisits(options)(client, request, facts).end(outcome)
  return client.events
}

const { cookie: _, ...STRANGER } = NAVIGATION

describe('automatic events', () => {
  it.each([PAGE, CALL])('are made only when asked for', (outcome) => {
    expect(visit({}, outcome)).toEqual([])
    expect(visit({ pages: false, api: false }, outcome)).toEqual([])
    expect(visit({ pages: true, api: true }, outcome)).toHaveLength(1)
    expect(visit({ pages: () => true, api: () => true }, outcome)).toHaveLength(1)
  })

  it.each([
    ['false', () => false],
    ['nothing', () => undefined as never],
    ['an error', boom],
    ['a promise', rejects],
  ])('are not made when the function gives %s', (_, decide) => {
    expect(visit({ pages: decide, api: decide })).toEqual([])
    expect(visit({ pages: decide, api: decide }, CALL)).toEqual([])
  })

  it('have the properties that the function adds', () => {
    const more = (request: object) => ({ path: '/other', ...request })
    const [page] = visit({ pages: more }, PAGE, NAVIGATION, { theme: 'dark' })
    expect(page?.properties).toMatchObject({ url: 'https://shop.test/', path: '/other', theme: 'dark' })
    const [call] = visit({ api: more }, CALL, SCRIPT_REQUEST, { theme: 'dark' })
    expect(call?.properties).toMatchObject({ route: '/', path: '/other', theme: 'dark' })
  })

  it('have the name that is wanted, and how long the request took', () => {
    const times = [1_000, 1_234.6]
    const [call] = visit({ api: true, apiEvent: 'Called', now: () => times.shift() ?? 0 }, CALL)
    expect(call).toMatchObject({ event: 'Called', timestamp: 1_000, properties: { durationMs: 235 } })
    times.push(1_000, 900)
    const [back] = visit({ api: true, now: () => times.shift() ?? 0 }, CALL)
    expect(back?.properties).toMatchObject({ durationMs: 0 })
  })
})

it('the end of a visit never throws, whatever the client does', () => {
  const client = { ...createFakeClient(), with: () => ({ page: boom, track: boom }) }
  const facts = { method: 'GET', headers: NAVIGATION, url: 'https://shop.test/' }
  const { end } = createVisits({ pages: true })(client, {}, facts)
  expect(() => end(PAGE)).not.toThrow()
})

describe('the visitor of an event', () => {
  it.each<[string, MiddlewareOptions<object>, object]>([
    ['the cookie', {}, { anonymousId: 'visitor-1' }],
    ['cookie and user', { identify: () => 'u1' }, { anonymousId: 'visitor-1', userId: 'u1' }],
    ['the cookie, though there is an id for strangers', { anonymous: boom }, { anonymousId: 'visitor-1' }],
    ['the cookie alone, when identify throws', { identify: boom }, { anonymousId: 'visitor-1' }],
    ['the cookie alone, when identify is async', { identify: rejects }, { anonymousId: 'visitor-1' }],
    ['the cookie alone, without a user', { identify: () => null }, { anonymousId: 'visitor-1' }],
    ['the cookie alone, with a user that has no id', { identify: () => '' }, { anonymousId: 'visitor-1' }],
    [
      'the cookie alone, with an id that nobody has',
      { identify: () => 'x'.repeat(257) },
      { anonymousId: 'visitor-1' },
    ],
  ])('is known by %s', (_, options, who) => {
    const [{ userId, anonymousId } = {}] = visit({ pages: true, ...options })
    expect({ userId, anonymousId }).toEqual({ userId: undefined, ...who })
  })

  it.each<[string, MiddlewareOptions<object>, object | undefined]>([
    ['nobody, and has no event', {}, undefined],
    ['nobody, when that is said', { anonymous: 'skip' }, undefined],
    ['nobody, when the function throws', { anonymous: boom }, undefined],
    ['nobody, when the function knows none', { anonymous: () => undefined }, undefined],
    ['who the function says', { anonymous: () => 'session-1' }, { anonymousId: 'session-1' }],
    ['the user', { identify: () => 'u1', anonymous: () => 'session-1' }, { userId: 'u1' }],
  ])('without a cookie is %s', (_, options, who) => {
    const [event] = visit({ pages: true, ...options }, PAGE, STRANGER)
    expect(event && { userId: event.userId, anonymousId: event.anonymousId }).toEqual(
      who && { userId: undefined, anonymousId: undefined, ...who },
    )
  })

  it('may be one who logs in with this request', () => {
    const answers = [undefined, 'u1']
    const [event] = visit({ pages: true, identify: () => answers.shift() }, PAGE, STRANGER)
    expect(event).toMatchObject({ type: 'page', userId: 'u1' })
  })

  it("is the one of the collector's cookie where that is named", () => {
    const headers = { ...NAVIGATION, cookie: `${NAVIGATION.cookie}; millrace_id=kept` }
    const [event] = visit({ pages: true, identityCookie: 'millrace_id' }, PAGE, headers)
    expect(event).toMatchObject({ anonymousId: 'kept' })
  })
})

describe('options', () => {
  it.each<[object, string]>([
    [{ identify: 'u1' }, 'identify must be a function, got a value of type string'],
    [{ anonymous: true }, 'anonymous must be a function, got a value of type boolean'],
    [{ pages: 'all' }, 'pages must be a boolean or a function, got a value of type string'],
    [{ api: 1 }, 'api must be a boolean or a function, got a value of type number'],
    [{ context: () => {} }, 'context must be an object, got a value of type function'],
  ])('%j are refused', (options, message) => {
    expect(() => createVisits(options)).toThrow(new TypeError(message))
  })
})
