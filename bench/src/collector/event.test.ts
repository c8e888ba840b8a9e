import { parseEvent } from '@millrace/schemas'
import { expect, test } from 'vitest'
import { plan } from '../../../millrace.config.ts'
import { buildRequests, createEvent } from './event.ts'
import { createMessageReader } from './http-messages.ts'

const NOW = Date.UTC(2026, 10, 21)

const EVENTS = Array.from({ length: 1_000 }, (_, index) => createEvent(index, NOW))

test('events are about 650 bytes each', () => {
  const sizes = EVENTS.map((event) => JSON.stringify(event).length)
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
  expect(mean).toBeGreaterThan(640)
  expect(mean).toBeLessThan(660)
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(60)
})

test('events have ids of their own and are valid, tracks by the plan of the source too', () => {
  const { properties } = plan.events['Product Viewed']
  for (const event of EVENTS) {
    expect(parseEvent(event)).toMatchObject({ ok: true })
    if (event['type'] === 'track') expect(properties.safeParse(event['properties']).success).toBe(true)
  }
  expect(new Set(EVENTS.map((event) => event['messageId'])).size).toBe(EVENTS.length)
})

test('requests carry as many events as asked, none twice, and say their length', () => {
  const batches: { writeKey: string; batch: { messageId: string }[] }[] = []
  const read = createMessageReader('keep', (_head, body) => batches.push(JSON.parse(body.toString())))
  for (const request of buildRequests(20, 10, NOW)) read(request)
  expect(batches.map(({ batch }) => batch.length)).toEqual(Array(20).fill(10))
  expect(new Set(batches.flatMap(({ batch }) => batch.map(({ messageId }) => messageId))).size).toBe(200)
  expect(batches[0]?.writeKey).toBe('dev')
})
