/**
 * Equality under abuse: 200,000 events of 2,000 visitors come with duplicates of every kind, late, shuffled, and through a
 * consumer that crashes; every table then equals what plain definitions say of the distinct events.
 */

import { decodeEnvelope, type Envelope } from '@millrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// biome-ignore lint/correctness/useImportExtensions: the types are declared beside it.
import { createApp, createSources } from '../support/collector.mjs'
import { expectTables, readTables, type Tables } from '../support/oracle/compare.ts'
import { distinctEvents } from '../support/oracle/events.ts'
import { countFunnel } from '../support/oracle/funnel.ts'
import { createRandom, type Random } from '../support/oracle/random.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const EVENTS = Number(process.env['EQUALITY_EVENTS'] ?? 200_000)
const VISITORS = EVENTS / 100
const BATCH = 20
const DAY_MS = 86_400_000
const START = Date.UTC(2026, 9, 30, 9)
const SOURCE = 'shop'

/** A request as a client sends it, and when it arrives. */
interface Sent {
  body: { writeKey: string; stream: string; batchId: string; sentAt: string; batch: object[] }
  arrivesAt: number
}

interface ClientEvent {
  event: object
  /** By the true clock. */
  at: number
}

/** A visitor's three days: visits of some minutes, on a device whose clock is wrong by some seconds. */
function createVisitor(random: Random, number: number) {
  const skewMs = random.integer(-90_000, 90_000)
  const hasSessions = number % 2 === 0
  const user = `user-${number % 3 === 0 ? random.integer(0, VISITORS / 2) : number}`
  let at = START + random.integer(0, DAY_MS)
  let isKnown = false
  let session = 0
  const events: ClientEvent[] = []
  for (let index = 0; index < EVENTS / VISITORS; index++) {
    const isVisit = index === 0 || random.chance(0.06)
    at += isVisit ? random.integer(20 * 60_000, 10 * 3_600_000) : random.integer(0, 90_000)
    if (isVisit) session++
    if (random.chance(0.01)) isKnown = true
    const kind =
      isKnown && random.chance(0.02) ? 'identify' : isVisit || random.chance(0.4) ? 'page' : 'track'
    const path = `/p/${random.integer(0, 50)}`
    const search =
      isVisit && random.chance(0.2)
        ? `?utm_source=news&utm_medium=mail&utm_campaign=c${random.integer(0, 3)}`
        : ''
    events.push({
      at,
      event: {
        messageId: `v${number}-${index}`,
        timestamp: new Date(at + skewMs).toISOString(),
        anonymousId: `anon-${number}`,
        ...(isKnown && random.chance(0.9) ? { userId: user } : {}),
        ...describeEvent(kind, random, path, search),
        context: {
          ...(hasSessions ? { session: { id: `s${number}-${session}`, index: session } } : {}),
          page: { path, search, url: `https://shop.example${path}${search}` },
          location: { country: ['DE', 'FR', 'US'][number % 3] },
        },
      },
    })
  }
  return { skewMs, events }
}

function describeEvent(kind: string, random: Random, path: string, search: string): object {
  if (kind === 'identify') return { type: 'identify', traits: { plan: 'a' } }
  if (kind === 'page') return { type: 'page', properties: { path, search } }
  if (random.chance(0.3))
    return { type: 'track', event: 'Page Engaged', properties: { visibleMs: random.integer(0, 60_000) } }
  return random.chance(0.2)
    ? { type: 'track', event: 'Order Completed', properties: { revenue: random.integer(1, 50_000) / 100 } }
    : { type: 'track', event: 'Product Viewed', properties: { product_id: `k${random.integer(0, 99)}` } }
}

/** All that the clients send: each event at least once, three in ten more than once, one in ten days late. */
function sendAll(random: Random): Sent[] {
  const sent: Sent[] = []
  for (let number = 0; number < VISITORS; number++) {
    const { skewMs, events } = createVisitor(random, number)
    for (let from = 0; from < events.length; from += BATCH) {
      const batch = events.slice(from, from + BATCH)
      const lateMs = random.chance(0.1) ? random.integer(3_600_000, 2 * DAY_MS) : random.integer(100, 5_000)
      const sentAt = (batch.at(-1)?.at ?? 0) + lateMs
      const send = (some: readonly ClientEvent[], afterMs: number, batchId: string) => {
        const latencyMs = random.integer(20, 4_000)
        sent.push({
          arrivesAt: sentAt + afterMs + latencyMs,
          body: {
            writeKey: 'wk',
            stream: `stream-${number}`,
            batchId,
            sentAt: new Date(sentAt + afterMs + skewMs).toISOString(),
            batch: some.map(({ event }) => event),
          },
        })
      }
      send(batch, 0, `b${number}-${from}`)
      // The same batch once more; the same events cut otherwise; some of them again minutes later.
      if (random.chance(0.1)) send(batch, random.integer(500, 60_000), `b${number}-${from}`)
      if (random.chance(0.1)) {
        send(events.slice(from + 7, from + 7 + BATCH), random.integer(1_000, 90_000), `c${number}-${from}`)
      }
      if (random.chance(0.1)) {
        send(
          batch.filter(() => random.chance(0.8)),
          random.integer(2, 40) * 60_000,
          `d${number}-${from}`,
        )
      }
    }
  }
  return sent
}

/** What the real collector puts on the queue for them, in the order in which they arrive. */
async function collect(sent: readonly Sent[]): Promise<Envelope[]> {
  let now = 0
  const texts: string[] = []
  const app = createApp({
    sources: createSources([{ name: SOURCE, writeKeys: ['wk'] }]),
    makeDurable: async (envelopes) => void texts.push(...envelopes),
    now: () => now,
    log: () => {},
  })
  for (const { body, arrivesAt } of sent) {
    now = arrivesAt
    const answer = await app.request('/v1/batch', { method: 'POST', body: JSON.stringify(body) })
    if (answer.status !== 200)
      throw new Error(`the collector answered ${answer.status}: ${await answer.text()}`)
  }
  return texts.map((text) => {
    const decoded = decodeEnvelope(text)
    if (!decoded.ok) throw new Error(decoded.message)
    return decoded.envelope
  })
}

describe('200,000 events delivered badly', () => {
  let warehouse: TestWarehouse
  let expected: Tables
  let found: Tables
  let delivered: Envelope[] = []
  let copies = 0
  beforeAll(async () => {
    warehouse = await startWarehouse([
      { source: SOURCE, measures: [{ name: 'revenue', path: 'properties.revenue' }] },
    ])
    const random = createRandom(20_261_122)
    const envelopes = await collect(sendAll(random).sort((a, b) => a.arrivesAt - b.arrivesAt))
    delivered = envelopes
    copies = envelopes.reduce((sum, { events }) => sum + events.length, 0)
    await deliver(warehouse, random, envelopes)
    expected = expectTables(envelopes, SOURCE)
    found = await readTables(warehouse, SOURCE)
  }, 600_000)
  afterAll(() => warehouse.stop())

  it('are many copies of all of them', () => {
    expect(expected.events.length).toBe(EVENTS)
    expect(copies).toBeGreaterThan(EVENTS * 1.25)
  })

  it.each([60_000, 3_600_000])('give the funnel of the distinct ones within %i ms', async (windowMs) => {
    const people = countFunnel(distinctEvents(delivered), FUNNEL, windowMs)
    const rows = await warehouse.query<{ people: number }>(
      `SELECT toUInt32(people) AS people FROM q_funnel(source = '${SOURCE}', from = '2026-10-01 00:00:00', to = '2026-12-01 00:00:00',
        steps = ['${FUNNEL.join("', '")}'], window_seconds = ${windowMs / 1_000})`,
    )
    expect(rows.map((row) => row.people)).toEqual(people)
    expect(people.at(-1)).toBeGreaterThan(0)
    expect(people[0]).toBeGreaterThan(people.at(-1) ?? 0)
  })

  it.each([
    'events',
    'persons',
    'identities',
    'joined',
    'sessions',
    'rollup_minute',
    'rollup_hour',
    'rollup_hour_fields',
  ] as const)('give exactly the %s of the distinct ones', (table) => {
    const rows = new Set(found[table])
    const missing = expected[table].filter((row) => !rows.has(row))
    expect(missing.slice(0, 5)).toEqual([])
    expect(found[table].length).toBe(expected[table].length)
  })
})

const FUNNEL = ['page', 'Product Viewed', 'Page Engaged', 'Order Completed']

/**
 * Hands the envelopes on as queues do: not in order, in batches cut anew on every delivery, some twice. Twice the consumer
 * crashes between the insert and the ack, and all of its batch comes again, in other company. The tables are computed five
 * times on the way.
 */
async function deliver(
  warehouse: TestWarehouse,
  random: Random,
  envelopes: readonly Envelope[],
): Promise<void> {
  const waves: Envelope[][] = [[], [], [], [], []]
  envelopes.forEach((envelope, index) => {
    // Mostly in its turn, sometimes in any other.
    const turn = Math.floor((index / envelopes.length) * waves.length)
    waves[random.chance(0.05) ? random.integer(0, waves.length - 1) : turn]?.push(envelope)
    if (random.chance(0.05)) waves[random.integer(turn, waves.length - 1)]?.push(envelope)
  })
  let again: Envelope[] = []
  for (const [number, wave] of waves.entries()) {
    const queue = random.shuffle([...wave, ...again])
    again = []
    for (let at = 0; at < queue.length; ) {
      const size = random.integer(100, 600)
      const batch = queue.slice(at, at + size)
      await warehouse.write(batch)
      // The crash: what was inserted is not acknowledged.
      if (at === 0 && (number === 1 || number === 3)) again = batch
      at += size
    }
    await warehouse.recompute()
  }
  if (again.length > 0) await warehouse.write(again)
  await warehouse.recompute()
}
