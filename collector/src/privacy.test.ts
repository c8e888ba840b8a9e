/** What must not be stored, looked for in everything that is: in the whole text of the envelopes. */

import { definePlan, type HookRequest, type SourceSettings } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCollector, type FakeOptions } from './fakes.ts'

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
const BROWSER = { 'user-agent': CHROME, 'cf-connecting-ip': '203.0.113.77' }
const track = { type: 'track', event: 'Ordered', anonymousId: 'a1' }
const SECRET = 'jane@example.com'

interface Sent {
  settings: SourceSettings
  body: object
  headers?: Record<string, string>
  options?: FakeOptions
}

async function send({ settings, body, headers = BROWSER, options = {} }: Sent) {
  const collector = createCollector({ settings, secret: () => 'pepper', ...options })
  const response = await collector.post({ writeKey: 'wk', ...body }, { headers })
  expect(response.status).toBe(200)
  return { ...collector, response, stored: collector.texts.join('\n') }
}

const drop = (...paths: string[]): SourceSettings => ({ pii: [{ paths, action: 'drop' }] })
const page = (url: string) => ({ page: { url, referrer: 'https://mail.example/' } })

describe('a rule about personal data', () => {
  const mailUrl = `https://shop.example/?utm_source=mail&utm_content=${encodeURIComponent(SECRET)}`
  const redactUrls: SourceSettings = {
    pii: [{ paths: ['context.page.url'], action: 'redact', pattern: /[\w.]+(@|%40)[\w.]+/ }],
  }

  it.each<[string, SourceSettings, object]>([
    [
      'campaign in its context',
      drop('context.campaign.content'),
      { batch: [{ ...track, context: { campaign: { source: 's', content: SECRET } } }] },
    ],
    [
      'campaign in the context of its batch',
      drop('context.campaign.content'),
      { context: { campaign: { source: 's', content: SECRET } }, batch: [track] },
    ],
    ['address of a page', redactUrls, { batch: [{ ...track, context: page(mailUrl) }] }],
    ['address of a page in its batch', redactUrls, { context: page(mailUrl), batch: [track] }],
    ['field that the wire does not know', drop('extra.email'), { batch: [{ ...track, email: SECRET }] }],
    [
      'integrations',
      drop('integrations.GA.clientId'),
      { batch: [{ ...track, integrations: { GA: { clientId: SECRET } } }] },
    ],
    [
      'integrations of its batch',
      drop('integrations.GA.clientId'),
      { integrations: { GA: { clientId: SECRET } }, batch: [track] },
    ],
    ...['context.traits.email', 'context.traits', 'context.**', 'traits.email'].map(
      (path): [string, SourceSettings, object] => [
        `traits in its context, by ${path}`,
        drop(path),
        { batch: [{ type: 'identify', userId: 'u', context: { traits: { email: SECRET } } }] },
      ],
    ),
  ])('leaves nothing of the %s', async (_what, settings, body) => {
    const { stored } = await send({ settings, body })
    expect(decodeURIComponent(stored)).not.toContain(SECRET)
    expect(stored).toContain('"messageId"')
  })

  it('on traits in the context leaves alone what the event has in their place', async () => {
    const event = { type: 'identify', userId: 'u', traits: { plan: 'pro' }, context: { traits: { a: 1 } } }
    const { envelopes } = await send({ settings: drop('context.**'), body: { batch: [event] } })
    expect(envelopes()[0]?.events).toMatchObject([{ traits: { plan: 'pro' } }])
  })

  it('hides in a violation what it takes from traits that came in the context', async () => {
    const identify = {
      version: '1-0-0',
      owner: 'o',
      description: 'd',
      traits: z.object({ email: z.number() }),
    }
    const settings = {
      ...drop('context.traits.email'),
      plan: definePlan({ mode: 'warn', events: {}, identify }),
    }
    const event = { type: 'identify', userId: 'u', context: { traits: { email: SECRET } } }
    const { stored } = await send({ settings, body: { batch: [event] } })
    expect(stored).toContain('"found":"hidden"')
    expect(stored).not.toContain(SECRET)
  })

  it('on anonymousId takes the client’s own as well, where the edge’s is in its place', async () => {
    const settings: SourceSettings = {
      identity: { kind: 'cookie' },
      pii: [{ paths: ['anonymousId'], action: 'hash', secretVar: 'S' }],
    }
    const headers = { ...BROWSER, cookie: 'millrace_id=c1' }
    const { stored, envelopes } = await send({ settings, body: { batch: [track] }, headers })
    expect(stored).not.toContain('"a1"')
    expect(envelopes()[0]?.events[0]?.anonymousId).toMatch(/^hmac-sha256:/)
  })

  it('on anonymousId holds for the id that an alias leaves', async () => {
    const settings: SourceSettings = {
      pii: [{ paths: ['anonymousId'], action: 'hash', secretVar: 'S' }],
    }
    const alias = { type: 'alias', userId: 'u', anonymousId: 'a1' }
    const { stored, envelopes } = await send({ settings, body: { batch: [alias] } })
    expect(stored).not.toContain('"a1"')
    expect(envelopes()[0]?.events[0]?.previousId).toBe(envelopes()[0]?.events[0]?.anonymousId)
  })
})

describe('an event without consent', () => {
  const settings: SourceSettings = { consent: { required: ['analytics'], whenDenied: 'anonymize' } }
  const consent = { categoryPreferences: { analytics: false } }
  const personal = {
    userId: 'who-user',
    integrations: { GA: { clientId: 'who-ga' } },
    context: {
      ...page('https://shop.example/?utm_source=s&gclid=who-click'),
      consent,
      externalIds: [{ id: 'who-external' }],
      session: { id: 'who-session' },
      userAgent: 'who-agent',
    },
  }

  it('tells what happened and not who it was', async () => {
    const body = { integrations: { FB: { id: 'who-batch' } }, batch: [{ ...track, ...personal }] }
    const { stored, envelopes } = await send({ settings, body })
    const [event] = envelopes()[0]?.events ?? []
    expect(event).toMatchObject({
      event: 'Ordered',
      facts: { campaign: { source: 's' }, isAnonymized: true },
    })
    // Addresses of pages stay, as the setting says.
    expect(stored.replaceAll('gclid=who-click', '')).not.toContain('who-')
    expect(stored).not.toContain('203.0.113')
    expect(envelopes()[0]).not.toHaveProperty('userAgent')
  })

  it('shows the hook no more than that', async () => {
    const seen: HookRequest[] = []
    const enrich: SourceSettings['enrich'] = (event, request) => {
      seen.push(request)
      return event
    }
    await send({
      settings: { ...settings, ip: 'keep', enrich },
      body: { batch: [{ ...track, ...personal }] },
    })
    expect(seen).toHaveLength(1)
    expect(JSON.stringify(seen)).not.toMatch(/203\.0\.113|Mozilla/)
  })

  it('gets no identity from the hook', async () => {
    const enrich: SourceSettings['enrich'] = (event) => ({ ...event, userId: 'who-hook' })
    const body = { batch: [{ ...track, ...personal }] }
    const { envelopes } = await send({ settings: { ...settings, enrich }, body })
    expect(envelopes()[0]?.events[0]).not.toHaveProperty('userId')
  })

  it('sets and renews no cookie', async () => {
    const body = { batch: [{ ...track, context: { consent } }] }
    const headers = { ...BROWSER, cookie: 'millrace_id=c1' }
    for (const whenDenied of ['anonymize', 'filter'] as const) {
      const policy: SourceSettings = {
        identity: { kind: 'cookie' },
        consent: { required: ['analytics'], whenDenied },
      }
      const { response } = await send({ settings: policy, body, headers })
      expect(response.headers.get('set-cookie')).toBeNull()
    }
  })
})

describe('identity of the edge', () => {
  it('takes the place of the client’s in an alias, too', async () => {
    const options: FakeOptions = { edge: { cookielessId: async () => 'of-the-day' } }
    const alias = { type: 'alias', userId: 'u', anonymousId: 'a1' }
    const settings: SourceSettings = { identity: { kind: 'cookieless' } }
    const { stored, envelopes } = await send({ settings, body: { batch: [alias] }, options })
    expect(envelopes()[0]?.events).toMatchObject([{ anonymousId: 'of-the-day', previousId: 'of-the-day' }])
    expect(stored).not.toContain('"a1"')
  })
})

describe('a log line', () => {
  it('about a plan that throws does not quote the event', async () => {
    const total = z.unknown().superRefine((value) => {
      throw new TypeError(`no total in ${String(value)}`)
    })
    const entry = { version: '1-0-0', owner: 'o', description: 'd', properties: z.object({ total }) }
    const plan = definePlan({ mode: 'enforce', events: { Ordered: entry } })
    const event = { ...track, properties: { total: SECRET } }
    const { logged, envelopes } = await send({ settings: { plan }, body: { batch: [event] } })
    expect(logged).toMatchObject([{ event: 'plan_failed', error: 'TypeError' }])
    expect(JSON.stringify(logged)).not.toContain(SECRET)
    expect(envelopes()[0]?.events).toHaveLength(1)
  })
})

describe('an address that the event names', () => {
  const named = { ...track, context: { ip: '198.51.100.9' } }
  const cookieless: SourceSettings = { identity: { kind: 'cookieless' }, bots: 'filter' }
  const options: FakeOptions = { edge: { cookielessId: async () => 'of-the-day' } }

  it('gets no page out of the identity of its source, nor out of its bot filter', async () => {
    const { envelopes } = await send({ settings: cookieless, body: { batch: [named] }, options })
    expect(envelopes()[0]?.events).toMatchObject([{ anonymousId: 'of-the-day' }])
    const bot = { ...BROWSER, 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1)' }
    const filtered = await send({ settings: cookieless, body: { batch: [named] }, headers: bot, options })
    expect(filtered.envelopes()[0]?.omitted).toMatchObject([{ reason: 'bot' }])
  })

  it.each(['0.0.0.0', '::'])('as %s means that none is to be kept', async (ip) => {
    const event = { ...track, context: { ip } }
    const { stored, envelopes } = await send({ settings: { ip: 'keep' }, body: { batch: [event] } })
    expect(envelopes()[0]?.events).toMatchObject([{ facts: { ip } }])
    expect(envelopes()[0]?.events[0]?.facts?.isRelayed).toBeUndefined()
    expect(stored).not.toContain('"isRelayed"')
  })
})
