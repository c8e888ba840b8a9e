/** The ten views that answer questions in SQL, against counts by hand over the same visits. */

import type { EnvelopeEvent, ReferrerClass } from '@millrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildEnvelope } from '../support/envelope.ts'
import { createRandom } from '../support/oracle/random.ts'
import { funnelOf, type ShopEvent } from '../support/question-events.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const DAY_MS = 86_400_000

/** A Monday, and the first moment after the range. What lies around it must not be counted. */
const FROM = Date.UTC(2026, 9, 5)
const TO = FROM + 21 * DAY_MS

/** A session; what brought it and what it is on are the same in all of its events. */
interface Visit {
  id: string
  anonymousId: string
  person: string
  country: string
  device: readonly [type: string, browser: string, os: string]
  referrer: readonly [ReferrerClass, string]
  campaign: readonly [source: string, medium: string, name: string]
  events: ShopEvent[]
}

const visits = createVisits()
const within = visits.filter(({ events: [first] }) => first !== undefined && isWithin(first))
const events = visits.flatMap((visit) => visit.events).filter(isWithin)

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await startWarehouse()
  const all = visits.flatMap(envelopeEvents)
  await warehouse.write([envelopeOf('shop', all), envelopeOf('blog', all.slice(0, 200))])
  await warehouse.write([envelopeOf('shop', all.slice(0, 300))])
  await warehouse.recompute()
})
afterAll(() => warehouse.stop())

function createVisits(): Visit[] {
  const random = createRandom(11)
  const pick = <T>(from: readonly T[]): T => from[random.integer(0, from.length - 1)] as T
  return Array.from({ length: 300 }, (_, index): Visit => {
    const visitor = random.integer(0, 49)
    const anonymousId = `v${visitor}`
    // Of every third visitor the user is known, and two visitors each are one user's.
    const userId = visitor % 3 === 0 ? `u${visitor >> 1}` : ''
    const person = userId || anonymousId
    let at = FROM - DAY_MS + random.integer(0, 23 * 86_400) * 1_000
    const visit = Array.from({ length: random.integer(1, 6) }, (): ShopEvent => {
      at += random.integer(1, 600) * 1_000
      const [type, event] = pick([
        ['page', 'page'],
        ['page', 'page'],
        ['track', 'Product Viewed'],
        ['track', 'Order Completed'],
      ] as const)
      const path = type === 'page' ? pick(['/', '/pricing', '/docs', '/cart']) : ''
      return {
        at,
        type,
        event,
        path,
        plan: '',
        revenue: undefined,
        anonymousId,
        userId,
        person,
        session: `s${index}`,
      }
    })
    return {
      id: `s${index}`,
      anonymousId,
      person,
      country: pick(['DE', 'FR', 'US', '']),
      device: pick([
        ['desktop', 'Firefox', 'Linux'],
        ['mobile', 'Safari', 'iOS'],
        ['', '', ''],
      ]),
      referrer: pick([
        ['direct', ''],
        ['search', 'Google'],
        ['search', 'Bing'],
        ['social', 'Reddit'],
      ]),
      campaign: pick([
        ['', '', ''],
        ['news', 'email', 'autumn'],
        ['ads', 'cpc', ''],
      ]),
      events: visit,
    }
  })
}

function isWithin({ at }: ShopEvent): boolean {
  return at >= FROM && at < TO
}

function envelopeEvents({ id, country, device, referrer, campaign, events: own }: Visit): EnvelopeEvent[] {
  const [type, browserName, osName] = device
  const [source, medium, name] = campaign
  return own.map(({ at, type: eventType, event, path, anonymousId, userId }, index) => ({
    messageId: `${id}-${index}`,
    type: eventType,
    timestamp: at,
    originalTimestamp: at,
    anonymousId,
    ...(userId === '' ? {} : { userId }),
    ...(eventType === 'track' ? { event } : { properties: { path } }),
    context: { session: { id, index: 1 }, location: { country } },
    facts: {
      device: { type, browserName, osName },
      referrer: { class: referrer[0], name: referrer[1] },
      campaign: { source, medium, name },
    },
  }))
}

const envelopeOf = (source: string, some: readonly EnvelopeEvent[]) =>
  buildEnvelope({ source, receivedAt: TO + 10 * DAY_MS, events: [...some] })

/** Rows of a view, as lists of its columns' values. */
async function ask(view: string, parameters = ''): Promise<unknown[][]> {
  const rows = await warehouse.query<object>(
    `SELECT * FROM ${view}(source = 'shop', from = '${textOf(FROM)}', to = '${textOf(TO)}'${parameters})`,
  )
  return rows.map((row) => Object.values(row))
}

function textOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

function unique<T>(items: readonly T[]): number {
  return new Set(items).size
}

/** Groups, those with the most items first, and of equally many by name. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => readonly string[]): [readonly string[], T[]][] {
  const groups = Map.groupBy(items, (item) => JSON.stringify(keyOf(item)))
  return [...groups]
    .map(([key, own]): [string[], T[]] => [JSON.parse(key), own])
    .toSorted(([a, m], [b, n]) => n.length - m.length || (a.join('\n') < b.join('\n') ? -1 : 1))
}

/** What the views say of a group of sessions: how many, of how many people, bounce rate, page views, seconds. */
function describeVisits(own: readonly Visit[]): number[] {
  const sum = (of: (visit: Visit) => number) => own.reduce((total, visit) => total + of(visit), 0)
  const isBounce = ({ events: all }: Visit) => all.length === 1 && all[0]?.type === 'page'
  const seconds = ({ events: all }: Visit) => ((all.at(-1)?.at ?? 0) - (all[0]?.at ?? 0)) / 1_000
  return [
    own.length,
    unique(own.map(({ person }) => person)),
    sum((visit) => Number(isBounce(visit))) / own.length,
    sum(({ events: all }) => all.filter(({ type }) => type === 'page').length) / own.length,
    sum(seconds) / own.length,
  ]
}

/** Rows of a view over sessions. */
function sessionsBy(keyOf: (visit: Visit) => readonly string[], some = within): unknown[][] {
  return grouped(some, keyOf).map(([key, own]) => [...key, ...describeVisits(own)])
}

function entryPageOf({ events: all }: Visit): string {
  return all.find(({ type }) => type === 'page')?.path ?? ''
}

describe('the view', () => {
  it('q_days counts people, sessions, page views and events of each day', async () => {
    const expected = [...Map.groupBy(events, ({ at }) => dayOf(at))]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([day, own]) => [
        day,
        unique(own.map(({ person }) => person)),
        unique(own.map(({ session }) => session)),
        own.filter(({ type }) => type === 'page').length,
        own.length,
      ])
    expect(expected.length).toBeGreaterThan(15)
    expect(await ask('q_days')).toEqual(expected)
  })

  it('q_events counts events by name', async () => {
    const expected = grouped(events, ({ event }) => [event]).map(([[event], own]) => [
      event,
      own.length,
      unique(own.map(({ person }) => person)),
      unique(own.map(({ session }) => session)),
    ])
    expect(await ask('q_events')).toEqual(expected)
  })

  it('q_top_pages counts page views and people', async () => {
    const pages = events.filter(({ type }) => type === 'page')
    const expected = grouped(pages, ({ path }) => [path]).map(([[path], own]) => [
      path,
      own.length,
      unique(own.map(({ person }) => person)),
    ])
    expect(await ask('q_top_pages')).toEqual(expected)
  })

  it('q_entry_pages describes the sessions that begin on each page', async () => {
    const some = within.filter((visit) => entryPageOf(visit) !== '')
    expect(some.length).toBeLessThan(within.length)
    expect(await ask('q_entry_pages')).toEqual(sessionsBy((visit) => [entryPageOf(visit)], some))
  })

  it('q_sources describes the sessions of each referrer', async () => {
    expect(await ask('q_sources')).toEqual(sessionsBy(({ referrer }) => referrer))
  })

  it('q_campaigns describes the sessions of each campaign', async () => {
    const some = within.filter(({ campaign: [source] }) => source !== '')
    expect(await ask('q_campaigns')).toEqual(sessionsBy(({ campaign }) => campaign, some))
  })

  it('q_countries describes the sessions of each country', async () => {
    expect(await ask('q_countries')).toEqual(sessionsBy(({ country }) => [country]))
  })

  it('q_devices describes the sessions of each device, browser and system', async () => {
    expect(await ask('q_devices')).toEqual(sessionsBy(({ device }) => device))
  })

  it.each([
    [['page', 'Product Viewed', 'Order Completed'], 3_600],
    [['page', 'page', 'page', 'page', 'page'], 86_400],
    [['Order Completed', 'page', 'Order Completed', 'Product Viewed'], 7 * 86_400],
    [['page', "o'brien"], 60],
  ])(
    'q_funnel of %j within %d seconds is the definition tried from every beginning',
    async (steps, seconds) => {
      const people = funnelOf(events, steps, seconds * 1_000)
      const list = steps.map((step) => `'${step.replaceAll("'", "''")}'`).join(', ')
      const expected = steps.map((step, index) => {
        const here = people[index] ?? 0
        const before = people[Math.max(index - 1, 0)] ?? 0
        return [index + 1, step, here, here / (people[0] ?? 1), before === 0 ? 0 : here / before]
      })
      expect(await ask('q_funnel', `, steps = [${list}], window_seconds = ${seconds}`)).toEqual(expected)
    },
  )

  it('q_retention_by_week has each cohort and the weeks in which some of it came back', async () => {
    const weekOf = ({ at }: ShopEvent) => Math.floor((at - FROM) / (7 * DAY_MS))
    const people = [...Map.groupBy(events, ({ person }) => person).values()].flatMap((own) => {
      const first = own.filter(({ event }) => event === 'page').map(weekOf)
      if (first.length === 0) return []
      const cohort = Math.min(...first)
      const orders = own.filter(({ event }) => event === 'Order Completed').map(weekOf)
      return [
        { cohort, weeks: new Set([0, ...orders.map((week) => week - cohort).filter((later) => later > 0)]) },
      ]
    })
    const expected = [0, 1, 2].flatMap((cohort) => {
      const own = people.filter((person) => person.cohort === cohort)
      return [0, 1, 2].flatMap((later) => {
        const back = own.filter(({ weeks }) => weeks.has(later)).length
        return back === 0 ? [] : [[dayOf(FROM + cohort * 7 * DAY_MS), later, back, back / own.length]]
      })
    })
    expect(expected.length).toBeGreaterThan(4)
    expect(await ask('q_retention_by_week', ", first = 'page', returning = 'Order Completed'")).toEqual(
      expected,
    )
  })

  it.each([
    ['q_days', ''],
    ['q_sources', ''],
    ['q_funnel', ", steps = ['page', 'page'], window_seconds = 60"],
    ['q_retention_by_week', ", first = 'page', returning = 'page'"],
  ])('%s of a source without events says so', async (view, parameters) => {
    const rows = await warehouse.query<{ people: number }>(
      `SELECT people FROM ${view}(source = 'nobody', from = '${textOf(FROM)}', to = '${textOf(TO)}'${parameters})`,
    )
    expect(rows.every(({ people }) => people === 0)).toBe(true)
  })
})
