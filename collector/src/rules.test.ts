/** What the settings of a source do to its events, from the request to the envelope. */

import { definePlan, type SourceSettings } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCollector, type FakeOptions, NOW } from './fakes.ts'

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
const track = { type: 'track', event: 'Ordered', anonymousId: 'a1' }
const browser = { 'user-agent': CHROME, 'cf-connecting-ip': '203.0.113.77' }

async function send(
  settings: SourceSettings,
  body: object,
  headers: Record<string, string> = browser,
  options: FakeOptions = {},
) {
  const collector = createCollector({ settings, ...options })
  const response = await collector.post({ writeKey: 'wk', ...body }, { headers })
  const answer = (await response.json()) as { receipts?: unknown[] }
  return { ...collector, response, answer, envelope: collector.envelopes()[0] }
}

describe('the tracking plan', () => {
  const entry = {
    version: '1-0-0',
    owner: 'checkout',
    description: 'x',
    properties: z.object({ total: z.number() }),
  }
  const plan = (mode: 'enforce' | 'warn' | 'off') => definePlan({ mode, events: { Ordered: entry } })
  const bad = { ...track, properties: { total: '12' } }

  it('quarantines a violation when it is enforced, with path, rule, what was found and the text as sent', async () => {
    const { answer, envelope } = await send(
      { plan: plan('enforce') },
      { batch: [bad, { ...track, properties: { total: 12 } }] },
    )
    expect(answer.receipts).toMatchObject([
      { index: 0, status: 'quarantined', reason: 'plan_violation', path: 'properties.total' },
    ])
    expect(envelope?.quarantined).toMatchObject([
      {
        type: 'track',
        event: 'Ordered',
        planVersion: '1-0-0',
        violations: [{ path: 'properties.total', rule: 'invalid_type', found: '"12"' }],
        raw: JSON.stringify(bad),
      },
    ])
    expect(envelope?.events).toMatchObject([{ properties: { total: 12 }, facts: { planVersion: '1-0-0' } }])
  })

  it('tells of several violations the first, and how many more there are', async () => {
    const properties = z.object({ total: z.number(), id: z.union([z.number(), z.string()]), at: z.string() })
    const strict = definePlan({ mode: 'enforce', events: { Ordered: { ...entry, properties } } })
    const batch = [
      { ...track, properties: { total: '12', id: true } },
      { ...track, properties: { total: 12, id: true, at: 'x' } },
    ]
    const { answer, envelope } = await send({ plan: strict }, { batch })
    expect(answer.receipts).toMatchObject([
      { path: 'properties.total', message: 'expected number, found "12"; and 2 more' },
      { path: 'properties.id', message: 'expected number or string, found true' },
    ])
    expect(envelope?.quarantined).toMatchObject([
      { message: 'expected number, found "12"', violations: [{}, {}, {}] },
      { violations: [{}] },
    ])
  })

  it('stores a violation with the event when it warns', async () => {
    const { answer, envelope } = await send({ plan: plan('warn') }, { batch: [bad] })
    expect(answer.receipts).toBeUndefined()
    expect(envelope?.events).toMatchObject([
      { properties: { total: '12' }, facts: { violations: [{ path: 'properties.total', found: '"12"' }] } },
    ])
  })

  it('is not looked at when it is off', async () => {
    const { envelope } = await send({ plan: plan('off') }, { batch: [bad] })
    expect(envelope?.events[0]?.facts?.planVersion).toBeUndefined()
  })

  it('refuses events that it does not have only when it says so', async () => {
    const other = { ...track, event: 'Other' }
    const lax = await send({ plan: plan('enforce') }, { batch: [other] })
    expect(lax.envelope?.events).toHaveLength(1)
    const strict = await send({ plan: { ...plan('enforce'), refuseUnplanned: true } }, { batch: [other] })
    expect(strict.answer.receipts).toMatchObject([{ reason: 'unplanned_event', path: 'event' }])
  })

  it('whose own code throws costs no event', async () => {
    const throwing = z.object({}).refine(() => {
      throw new Error('a mistake in the plan')
    })
    const broken = definePlan({ mode: 'enforce', events: { Ordered: { ...entry, properties: throwing } } })
    const { envelope, logged } = await send({ plan: broken }, { batch: [track] })
    expect(envelope?.events).toHaveLength(1)
    expect(logged).toMatchObject([{ event: 'plan_failed' }])
  })

  it.each(['enforce', 'warn'] as const)(
    'tells in mode %s of ten violations below an endless key',
    async (mode) => {
      const item = z.object(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`f${i}`, z.number()])))
      const properties = z.object({ items: z.record(z.string(), item) })
      const endless = definePlan({ mode, events: { Ordered: { ...entry, properties } } })
      const sent = { ...track, properties: { items: { ['k'.repeat(14_000)]: {} } } }
      const { response, envelope } = await send(
        { plan: endless },
        { batch: [sent, { type: 'page', userId: 'u' }] },
      )
      expect(response.status).toBe(200)
      expect(envelope?.events.at(-1)).toMatchObject({ type: 'page' })
      const told =
        mode === 'warn' ? envelope?.events[0]?.facts?.violations : envelope?.quarantined[0]?.violations
      expect(told).toHaveLength(10)
    },
  )

  it('does not show beside the event what a rule about personal data takes out of it', async () => {
    const pii = [{ paths: ['properties.total'], action: 'drop' as const }]
    const { envelope } = await send({ plan: plan('warn'), pii }, { batch: [bad] })
    expect(envelope?.events[0]).toMatchObject({
      properties: {},
      facts: { violations: [{ found: 'hidden', message: 'breaks the rule invalid_type' }] },
    })
    expect(JSON.stringify(envelope)).not.toContain('"12\\"')
  })
})

describe('events of one batch with one id', () => {
  it('are the first of them, and the others are told as duplicates', async () => {
    const twin = { ...track, messageId: 'm1' }
    const { answer, envelope } = await send({}, { batch: [twin, { ...twin, event: 'Again' }, track] })
    expect(answer.receipts).toMatchObject([
      { index: 1, messageId: 'm1', status: 'duplicate', reason: 'repeated_in_batch' },
    ])
    expect(envelope?.events).toHaveLength(2)
    expect(envelope?.omitted).toMatchObject([{ index: 1, messageId: 'm1', status: 'duplicate' }])
  })

  it('are the good one when the first is refused', async () => {
    const { envelope } = await send(
      {},
      {
        batch: [
          { type: 'track', messageId: 'm1' },
          { ...track, messageId: 'm1' },
        ],
      },
    )
    expect(envelope).toMatchObject({
      events: [{ messageId: 'm1' }],
      quarantined: [{ messageId: 'm1' }],
      omitted: [],
    })
  })
})

describe('the request', () => {
  it('is told with the batch: address by policy, device, bot, privacy control', async () => {
    const { envelope } = await send({}, { batch: [track] }, { ...browser, 'sec-gpc': '1' })
    expect(envelope?.request).toMatchObject({
      ip: '203.0.113.0',
      gpc: true,
      device: { type: 'desktop', browserName: 'Chrome', osName: 'Linux' },
    })
  })

  it.each([
    ['keep', '203.0.113.77'],
    ['truncate', '203.0.113.0'],
    ['drop', undefined],
  ] as const)('keeps addresses by the policy %s, of the batch and of the event', async (ip, expected) => {
    const context = { ip: '203.0.113.77' }
    const { envelope, texts } = await send({ ip }, { batch: [{ ...track, context }] })
    expect(envelope?.request?.ip).toBe(expected)
    expect(envelope?.events[0]?.facts?.ip).toBe(expected)
    expect(texts.join().includes('203.0.113.77')).toBe(ip === 'keep')
  })

  it('of a server says nothing about the person', async () => {
    const { envelope } = await send(
      {},
      { batch: [track] },
      { 'user-agent': 'node', 'cf-connecting-ip': '192.0.2.1' },
    )
    expect(envelope?.events[0]?.facts?.isRelayed).toBe(true)
  })

  it('is about somebody else when the event brings another address', async () => {
    const { envelope } = await send({}, { batch: [{ ...track, context: { ip: '198.51.100.4' } }, track] })
    expect(envelope?.events).toMatchObject([
      { facts: { isRelayed: true, ip: '198.51.100.0' } },
      { facts: {} },
    ])
    expect(envelope?.events[1]?.facts?.isRelayed).toBeUndefined()
  })

  it('tells nothing that is switched off', async () => {
    const off = {
      geo: false,
      device: false,
      referrer: false,
      campaign: false,
      bots: 'off',
      ip: 'drop',
    } as const
    const context = { page: { url: 'https://shop.example/?utm_source=x', referrer: 'https://google.com/' } }
    const { envelope } = await send(
      off,
      { context, batch: [track] },
      { ...browser, 'user-agent': 'Googlebot/2.1' },
    )
    expect(envelope?.request).toBeUndefined()
    expect(envelope?.events[0]?.facts).toEqual({})
  })
})

describe('campaign and referrer', () => {
  it('come from the shared page, the event, and the properties of a page', async () => {
    const page = { url: 'https://shop.example/?utm_source=news&utm_medium=email', referrer: '' }
    const properties = { url: 'https://shop.example/b', referrer: 'https://www.google.com/' }
    const { envelope } = await send(
      {},
      {
        context: { page },
        batch: [track, { type: 'page', anonymousId: 'a', properties }, { ...track, context: { page: {} } }],
      },
    )
    expect(envelope?.events).toMatchObject([
      { facts: { campaign: { source: 'news', medium: 'email' }, referrer: { class: 'email' } } },
      { facts: { referrer: { class: 'search', name: 'Google' } } },
      {},
    ])
    expect(envelope?.events[2]?.facts).toEqual({})
  })
})

describe('bots', () => {
  const bot = {
    ...browser,
    'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  }

  it('are flagged', async () => {
    const { envelope } = await send({}, { batch: [track, { ...track, context: { webdriver: true } }] }, bot)
    expect(envelope?.request?.bot).toBe('Googlebot')
    expect(envelope?.events[1]?.facts?.bot).toBe('webdriver')
  })

  it('are left out where the source wants that, good events and bad', async () => {
    const { answer, envelope } = await send(
      { bots: 'filter' },
      { batch: [track, { type: 'track', userId: 'u' }] },
      bot,
    )
    expect(answer.receipts).toMatchObject([
      { index: 0, status: 'filtered', reason: 'bot' },
      { index: 1, status: 'filtered', reason: 'bot' },
    ])
    expect(envelope).toMatchObject({ events: [], quarantined: [], omitted: [{ index: 0 }, { index: 1 }] })
  })
})

describe('personal data', () => {
  it('is taken out of events and of what they share', async () => {
    const settings: SourceSettings = {
      pii: [
        { paths: ['traits.email', 'context.traits.email'], action: 'hash', secretVar: 'PII' },
        { paths: ['properties.**'], action: 'redact', pattern: /\d{4}-\d{4}/ },
      ],
    }
    const { texts, envelope } = await send(
      settings,
      {
        context: { traits: { email: 'ann@shop.example' } },
        batch: [
          { type: 'identify', userId: 'u', traits: { email: 'ann@shop.example', plan: 'pro' } },
          { ...track, properties: { note: 'card 1234-5678' } },
        ],
      },
      browser,
      { secret: () => 'a secret' },
    )
    expect(texts.join()).not.toMatch(/ann@shop|1234-5678/)
    expect(envelope?.events).toMatchObject([
      { traits: { email: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/), plan: 'pro' } },
      { properties: { note: 'card [redacted]' } },
    ])
    expect(envelope?.context).toMatchObject({ traits: { email: expect.stringMatching(/^hmac/) } })
  })
})

describe('consent', () => {
  const consent = {
    required: ['analytics'],
    whenDenied: 'anonymize',
    whenUnknown: 'filter',
    whenGpc: 'filter',
  } as const
  const says = (analytics: boolean) => ({ consent: { categoryPreferences: { analytics } } })

  it('decides what is stored, what without a person, and what not', async () => {
    const shared = { traits: { email: 'ann@shop.example' }, ip: '203.0.113.77', locale: 'de' }
    const { answer, envelopes, texts } = await send(
      { consent },
      {
        context: shared,
        batch: [
          { ...track, userId: 'ann', context: says(true) },
          { ...track, userId: 'bob', context: says(false) },
          { ...track, userId: 'person-c' },
          { type: 'identify', userId: 'person-d', context: says(false) },
          { type: 'track', userId: 'person-e', context: says(false) },
          { type: 'track', userId: 'person-f' },
        ],
      },
    )
    const [withPeople, without] = envelopes()
    expect(withPeople?.events).toMatchObject([{ userId: 'ann' }])
    expect(withPeople?.context).toMatchObject({ traits: shared.traits })
    expect(without?.events).toMatchObject([{ type: 'track', facts: { isAnonymized: true } }])
    expect(without?.quarantined).toMatchObject([{ reason: 'missing_field' }])
    expect(without?.context).toEqual({ locale: 'de' })
    expect(without?.request?.ip).toBeUndefined()
    expect(without?.part).toBe(1)
    expect(texts.join()).not.toMatch(/bob|person-[cdef]/)
    expect(answer.receipts).toMatchObject([
      { index: 2, status: 'filtered', reason: 'no_consent' },
      { index: 3, status: 'filtered', reason: 'no_consent' },
      { index: 4, status: 'quarantined', reason: 'missing_field' },
      { index: 5, status: 'filtered', reason: 'no_consent' },
    ])
  })

  it('is refused by Global Privacy Control where the source honours it', async () => {
    const headers = { ...browser, 'sec-gpc': '1' }
    const { answer } = await send({ consent }, { context: says(true), batch: [track] }, headers)
    expect(answer.receipts).toMatchObject([{ status: 'filtered', reason: 'privacy_control' }])
  })
})

describe('the hook', () => {
  it('changes an event, and what it takes away from the shared context stays away', async () => {
    const settings: SourceSettings = {
      enrich: (event, request) => {
        const { secret: _, ...context } = event.context
        return { ...event, properties: { ...event.properties, host: request.source }, context }
      },
    }
    const { envelope } = await send(settings, { context: { secret: 1, locale: 'de' }, batch: [track] })
    expect(envelope?.events).toMatchObject([{ properties: { host: 'shop' }, context: { secret: null } }])
    expect(envelope?.events[0]?.context).not.toHaveProperty('locale')
  })

  it('leaves an event out by null', async () => {
    const { answer } = await send({ enrich: () => null }, { batch: [track] })
    expect(answer.receipts).toMatchObject([{ status: 'filtered', reason: 'left_out_by_hook' }])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['hangs', () => new Promise<never>(() => {})],
    ['gives nonsense', () => 5 as never],
  ])('that %s costs no event', async (_how, enrich) => {
    const { envelope } = await send({ enrich }, { batch: [track] })
    expect(envelope?.events).toMatchObject([{ event: 'Ordered' }])
  })
})

describe('identity', () => {
  it('by cookie gives a new browser its own id back, and an old one the id of its cookie', async () => {
    const settings: SourceSettings = { identity: { kind: 'cookie' } }
    const first = await send(settings, { batch: [track] })
    expect(first.response.headers.get('set-cookie')).toMatch(/^millrace_id=a1; .*HttpOnly/)
    expect(first.envelope?.events).toMatchObject([{ anonymousId: 'a1' }])
    const later = await send(
      settings,
      { batch: [{ ...track, anonymousId: 'a2' }] },
      { ...browser, cookie: 'millrace_id=a1' },
    )
    expect(later.envelope?.events).toMatchObject([{ anonymousId: 'a1', facts: { clientAnonymousId: 'a2' } }])
  })

  it.each([
    [['a1', 'b1', undefined], 'a1'],
    [[undefined, 'b1', undefined], 'new'],
  ])('by cookie is one for all that a new browser sends together: %j', async (ids, expected) => {
    const batch = ids.map((anonymousId) => ({ ...track, anonymousId }))
    const options = { edge: { randomId: () => 'new' } }
    const { envelope, response } = await send({ identity: { kind: 'cookie' } }, { batch }, browser, options)
    expect(envelope?.events.map(({ anonymousId }) => anonymousId)).toEqual([expected, expected, expected])
    expect(envelope?.events[1]?.facts?.clientAnonymousId).toBe('b1')
    expect(response.headers.get('set-cookie')).toMatch(new RegExp(`^millrace_id=${expected};`))
  })

  it('by the edge is kept with what the plan refuses, for a replay', async () => {
    const plan = { mode: 'enforce' as const, refuseUnplanned: true, events: {} }
    const cookie = { ...browser, cookie: 'millrace_id=c1' }
    const byEdge = await send({ plan, identity: { kind: 'cookie' } }, { batch: [track] }, cookie)
    expect(byEdge.envelope?.quarantined).toMatchObject([{ anonymousId: 'c1', clientAnonymousId: 'a1' }])
    const byClient = await send({ plan }, { batch: [track] }, cookie)
    expect(byClient.envelope?.quarantined[0]).not.toHaveProperty('anonymousId')
  })

  it('by cookie is found for events that have none', async () => {
    const { envelope, answer } = await send(
      { identity: { kind: 'cookie' } },
      { batch: [{ type: 'track', event: 'x' }] },
    )
    expect(answer.receipts).toBeUndefined()
    expect(envelope?.events[0]?.anonymousId).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('without cookies is the edge’s, and never the client’s', async () => {
    const edge = { cookielessId: async (...parts: string[]) => parts.join(' ').slice(0, 30) }
    const { envelope } = await send({ identity: { kind: 'cookieless' } }, { batch: [track] }, browser, {
      edge,
    })
    expect(envelope?.events).toMatchObject([{ anonymousId: 'shop 203.0.113.77 Mozilla/5.0 ' }])
    expect(JSON.stringify(envelope)).not.toContain('a1')
  })

  it('that cannot be made is answered 503, not guessed', async () => {
    const edge = { cookielessId: () => Promise.reject(new Error('no salt')) }
    const { response, texts } = await send(
      { identity: { kind: 'cookieless' } },
      { batch: [track] },
      browser,
      { edge },
    )
    expect(response.status).toBe(503)
    expect(texts).toEqual([])
  })

  it('is missing when nobody knows it', async () => {
    const { answer } = await send({}, { batch: [{ type: 'track', event: 'x' }] })
    expect(answer.receipts).toMatchObject([{ reason: 'missing_identity' }])
  })
})

describe('who may send', () => {
  it('is asked of pages, not of servers', async () => {
    const settings = { allowedOrigins: ['https://shop.example'] }
    const evil = await send(settings, { batch: [track] }, { ...browser, origin: 'https://evil.example' })
    expect(evil.response.status).toBe(403)
    expect(evil.answer).toMatchObject({ code: 'origin_not_allowed' })
    expect(evil.texts).toEqual([])
    expect(
      (await send(settings, { batch: [track] }, { ...browser, origin: 'https://shop.example' })).response
        .status,
    ).toBe(200)
    expect((await send(settings, { batch: [track] }, {})).response.status).toBe(200)
  })

  it.each([
    ['client', { bySource: undefined, byClient: { limit: async () => ({ success: false }) } }, 429],
    ['source', { bySource: { limit: async () => ({ success: false }) }, byClient: undefined }, 429],
    ['broken', { bySource: { limit: () => Promise.reject(new Error('x')) }, byClient: undefined }, 200],
  ])('is limited by rate: %s', async (_which, limits, status) => {
    const { response, texts } = await send({}, { batch: [track] }, browser, { limits })
    expect(response.status).toBe(status)
    expect(response.headers.get('retry-after')).toBe(status === 429 ? '10' : null)
    expect(texts).toHaveLength(status === 429 ? 0 : 1)
  })

  it('is not limited with the secret key, or where the source says so', async () => {
    const limits = { bySource: { limit: async () => ({ success: false }) }, byClient: undefined }
    expect((await send({ rateLimits: false }, { batch: [track] }, browser, { limits })).response.status).toBe(
      200,
    )
    const secret = { ...browser, authorization: `Basic ${btoa('sk:')}` }
    expect((await send({}, { batch: [track] }, secret, { limits })).response.status).toBe(200)
  })
})

describe('a correction', () => {
  it('may move an event to no time that is still to come', async () => {
    const correct = (timestamp: number) => ({
      type: 'track',
      event: '$correct',
      anonymousId: 'a1',
      properties: {
        messageId: 'm-17',
        reason: 'a wrong clock',
        changes: { timestamp: new Date(timestamp).toISOString() },
      },
    })
    const secret = { ...browser, authorization: `Basic ${btoa('sk:')}` }
    const batch = [correct(NOW), correct(NOW + 2 * 86_400_000)]
    const { answer } = await send({}, { batch }, secret)
    expect(answer.receipts).toMatchObject([
      { index: 1, reason: 'invalid_field', path: 'properties.changes.timestamp' },
    ])
  })
})

describe('fields that the wire does not know', () => {
  it('are kept', async () => {
    const { envelope } = await send({}, { batch: [{ ...track, channel: 'web', rudderId: 'r' }] })
    expect(envelope?.events).toMatchObject([{ extra: { channel: 'web', rudderId: 'r' } }])
  })
})
