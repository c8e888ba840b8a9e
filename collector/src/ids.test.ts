/** Ids of events that bring none: the same event sent again has the same, another one has another. */

import type { SourceSettings } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createCollector, NOW } from './fakes.ts'

const event = { type: 'track', event: 'Clicked', userId: 'u' }
const dated = { ...event, timestamp: '2026-11-21T11:00:00.000Z' }

/** The ids that the events of two requests get; the second comes a millisecond later. */
async function idsOf(first: object, second: object, cookies: string[] = [], path = '/v1/batch') {
  let now = NOW
  const settings: SourceSettings = cookies.length === 0 ? {} : { identity: { kind: 'cookie' } }
  const { post, envelopes } = createCollector({ settings, now: () => now++ })
  for (const [index, body] of [first, second].entries()) {
    const cookie = cookies[index]
    const headers = { 'user-agent': 'Mozilla/5.0', ...(cookie === undefined ? {} : { cookie }) }
    await post({ writeKey: 'wk', ...body }, { headers, path })
  }
  return envelopes().flatMap(({ events }) => events.map(({ messageId }) => messageId))
}

describe('two equal events without ids', () => {
  it.each([
    ['with a time', dated],
    ['without', event],
  ])('%s in a batch are one whenever it comes', async (_what, one) => {
    const [first, second] = await idsOf({ batch: [one] }, { batch: [one], sentAt: '2026-11-21T11:59:00Z' })
    expect(second).toBe(first)
  })

  it('are two when the edge knows them to be of two visitors', async () => {
    const { userId: _, ...anyone } = dated
    const body = { batch: [anyone] }
    const [first, second] = await idsOf(body, body, ['millrace_id=alice', 'millrace_id=bob'])
    expect(second).not.toBe(first)
    const [one, same] = await idsOf(body, body, ['millrace_id=alice', 'millrace_id=alice'])
    expect(same).toBe(one)
  })

  it('are one by a single route when they have one time, and two when they have none', async () => {
    const { type: _, ...undated } = event
    const one = await idsOf(dated, dated, [], '/v1/track')
    expect(one[1]).toBe(one[0])
    const two = await idsOf(undated, undated, [], '/v1/track')
    expect(new Set(two).size).toBe(2)
  })
})

describe('images', () => {
  it('are as many events as were asked for', async () => {
    const { app, envelopes } = createCollector()
    for (const _ of [1, 2]) await app.request('/pixel/v1/page?writeKey=wk&name=Newsletter&anonymousId=a')
    const ids = envelopes().flatMap(({ events }) => events.map(({ messageId }) => messageId))
    expect(new Set(ids).size).toBe(2)
  })

  it('keep an id of their own', async () => {
    const { app, envelopes } = createCollector()
    await app.request('/pixel/v1/page?writeKey=wk&anonymousId=a&messageId=m')
    expect(envelopes()[0]?.events).toMatchObject([{ messageId: 'm' }])
  })
})

describe('refused events with one id', () => {
  it('are one in the quarantine, and the others are told as repeated', async () => {
    const { post, envelopes } = createCollector()
    const bad = { type: 'track', messageId: 'order-1', userId: 'u' }
    const good = { ...bad, event: 'Ordered' }
    const response = await post({ writeKey: 'wk', stream: 's', firstSeq: 1, batch: [bad, bad, good] })
    expect(await response.json()).toMatchObject({
      receipts: [
        { index: 0, status: 'quarantined', reason: 'missing_field' },
        { index: 1, status: 'duplicate', reason: 'repeated_in_batch' },
      ],
    })
    const [envelope] = envelopes()
    expect(envelope?.quarantined).toMatchObject([{ seq: 1 }])
    expect(envelope?.omitted).toMatchObject([{ seq: 2, status: 'duplicate' }])
    expect(envelope?.events).toMatchObject([{ seq: 3 }])
  })
})

describe('an envelope', () => {
  it('holds a refused event whose text is six times as long when it is quoted', async () => {
    const { post, envelopes } = createCollector({ secret: () => 'pepper' })
    const raw = `"${'\u0001'.repeat(30_000)}`
    const refused = { raw, messageId: 'm', receivedAt: '2026-11-21T11:00:00Z', route: 'batch' }
    const headers = { authorization: `Basic ${btoa('sk:')}` }
    const response = await post({ events: [refused] }, { path: '/v1/replay', headers })
    expect(await response.json()).toMatchObject({ receipts: [{ reason: 'event_too_large' }] })
    expect(envelopes()).toEqual([])
  })

  it('is not made too large by rules that lengthen what a batch shares', async () => {
    const settings: SourceSettings = { pii: [{ paths: ['context.**'], action: 'hash', secretVar: 'S' }] }
    const { post } = createCollector({ settings, secret: () => 'pepper' })
    const context = Object.fromEntries(Array.from({ length: 370 }, (_, i) => [`k${i}`, i]))
    const integrations = { text: 'x'.repeat(29_000) }
    const body = { writeKey: 'wk', context, integrations, batch: [event, 'y'.repeat(32_000)] }
    const response = await post(body)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ receipts: [{ index: 0 }, { index: 1 }] })
  })
})

describe('a hook that hangs', () => {
  it('holds a batch up for two seconds at most, and loses nothing', async () => {
    const enrich = () => new Promise<never>(() => {})
    const { post, envelopes, logged } = createCollector({ settings: { enrich }, now: Date.now })
    const startedAt = Date.now()
    const batch = Array.from({ length: 40 }, (_, i) => ({ ...dated, messageId: `m${i}` }))
    const response = await post({ writeKey: 'wk', batch })
    expect(response.status).toBe(200)
    expect(Date.now() - startedAt).toBeLessThan(5_000)
    expect(envelopes()[0]?.events).toHaveLength(40)
    expect(logged.filter((record) => record['event'] === 'hook_given_up')).toHaveLength(1)
  })
})
