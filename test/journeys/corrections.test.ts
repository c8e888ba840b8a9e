/** Events that were wrong are corrected and retracted by other events, and every table reads as if they had come right. */

import type { Envelope, EnvelopeEvent, JsonObject } from '@millrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConfiguredStack, startConfiguredStack } from '../support/configured-stack.ts'
import { buildEnvelope } from '../support/envelope.ts'
import { expectTablesOf, readTables } from '../support/oracle/compare.ts'
import { distinctEvents, type OracleEvent } from '../support/oracle/events.ts'
import { waitFor } from '../support/wait.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const START = Date.UTC(2026, 10, 20, 10)

const time = (minute: number) => START + minute * 60_000
const iso = (minute: number) => new Date(time(minute)).toISOString()

type Line = [id: string, minute: number, event: Omit<EnvelopeEvent, 'messageId' | 'timestamp'>]

/** A visit that becomes Ann's, an order, Bob who comes by, and Ann's old name. */
const VISIT: readonly Line[] = [
  ['view', 0, { type: 'page', properties: { path: '/' }, anonymousId: 'a' }],
  ['login', 1, { type: 'identify', userId: 'ann', anonymousId: 'a' }],
  [
    'order',
    2,
    { type: 'track', event: 'Buy', properties: { revenue: 12, item: 'x' }, anonymousId: 'a', userId: 'ann' },
  ],
  ['after', 3, { type: 'page', properties: { path: '/thanks' }, anonymousId: 'a' }],
  ['his', 4, { type: 'track', event: 'Buy', properties: { revenue: 30 }, anonymousId: 'b', userId: 'bob' }],
  ['old', 5, { type: 'track', event: 'Click', userId: 'old-ann' }],
  ['alias', 6, { type: 'alias', userId: 'ann', previousId: 'old-ann' }],
  ['late', 90, { type: 'page', properties: { path: '/late' }, anonymousId: 'a' }],
]

const correct = (id: string, minute: number, messageId: string, changes: JsonObject): Line => [
  id,
  minute,
  { type: 'track', event: '$correct', properties: { messageId, reason: 'a test', changes } },
]

const retract = (id: string, minute: number, messageId: string): Line => [
  id,
  minute,
  { type: 'track', event: '$retract', properties: { messageId, reason: 'a test' } },
]

type Change = Partial<OracleEvent>

interface Story {
  name: string
  /** What comes after the visit, each part before a run of the recomputation. */
  parts: readonly (readonly Line[])[]
  /** What the visit is then: fields of events that are other ones; `undefined` for an event that does not count. */
  becomes: Record<string, Change | undefined>
  /** Of the visit, what comes only with the last part. */
  isLate?: readonly string[]
}

const price = (id: string, minute: number, revenue: number) =>
  correct(id, minute, 'order', { properties: { revenue } })

const STORIES: readonly Story[] = [
  { name: 'a price', parts: [[price('c', 200, 20)]], becomes: { order: { revenue: 20 } } },
  {
    name: 'a user',
    parts: [[correct('c', 200, 'order', { userId: 'bob' })]],
    becomes: { order: { userId: 'bob' } },
  },
  {
    name: 'the only event that says whose a device is',
    parts: [[correct('c', 200, 'his', { userId: 'carl' })]],
    becomes: { his: { userId: 'carl' } },
  },
  {
    name: 'an anonymous id',
    parts: [[correct('c', 200, 'view', { anonymousId: 'b' })]],
    becomes: { view: { anonymousId: 'b' } },
  },
  {
    name: 'the path of a page',
    parts: [[correct('c', 200, 'view', { properties: { path: '/home' } })]],
    becomes: { view: { view: '/home' } },
  },
  {
    name: 'a time, to another hour',
    parts: [[correct('c', 200, 'order', { timestamp: iso(75) })]],
    becomes: { order: { at: time(75) } },
  },
  {
    name: 'a time that parts a visit in two',
    parts: [[correct('c', 200, 'late', { timestamp: iso(20) })]],
    becomes: { late: { at: time(20) } },
  },
  {
    name: 'the time of a login, to after the order',
    parts: [[correct('c', 200, 'login', { timestamp: iso(95) })]],
    becomes: { login: { at: time(95) } },
  },
  {
    name: 'a name',
    parts: [[correct('c', 200, 'order', { event: 'Order' })]],
    becomes: { order: { event: 'Order' } },
  },
  {
    name: 'all at once',
    parts: [
      [
        correct('c', 200, 'order', {
          event: 'Order',
          userId: 'bob',
          timestamp: iso(7),
          properties: { revenue: 1 },
        }),
      ],
    ],
    becomes: { order: { event: 'Order', userId: 'bob', at: time(7), revenue: 1 } },
  },
  { name: 'a retraction', parts: [[retract('r', 200, 'order')]], becomes: { order: undefined } },
  {
    name: 'a retraction of the first event of a visit',
    parts: [[retract('r', 200, 'view')]],
    becomes: { view: undefined },
  },
  {
    name: 'a retraction that is retracted',
    parts: [[retract('r', 200, 'order')], [retract('r2', 201, 'r')]],
    becomes: {},
  },
  {
    name: 'a correction that is retracted',
    parts: [[price('c', 200, 20)], [retract('r', 201, 'c')]],
    becomes: {},
  },
  {
    name: 'a correction, retracted, the retraction retracted',
    parts: [[price('c', 200, 20)], [retract('r', 201, 'c')], [retract('r2', 202, 'r')]],
    becomes: { order: { revenue: 20 } },
  },
  {
    name: 'a retraction of a retraction of a retraction of a correction',
    parts: [
      [price('c', 200, 20)],
      [retract('r', 201, 'c')],
      [retract('r2', 202, 'r')],
      [retract('r3', 203, 'r2')],
    ],
    becomes: {},
  },
  {
    name: 'a correction before its event comes',
    parts: [[price('c', 200, 20)], []],
    isLate: ['order'],
    becomes: { order: { revenue: 20 } },
  },
  {
    name: 'a retraction before its event comes',
    parts: [[retract('r', 200, 'order')], []],
    isLate: ['order'],
    becomes: { order: undefined },
  },
  {
    name: 'the same correction twice',
    parts: [[price('c', 200, 20)], [price('c', 200, 20)]],
    becomes: { order: { revenue: 20 } },
  },
  {
    name: 'an equal correction under another id',
    parts: [[price('c', 200, 20)], [price('d', 201, 20)]],
    becomes: { order: { revenue: 20 } },
  },
  {
    name: 'two corrections, the later one first',
    parts: [[price('d', 201, 30)], [price('c', 200, 20)]],
    becomes: { order: { revenue: 30 } },
  },
  {
    name: 'two corrections of different fields',
    parts: [[correct('d', 201, 'order', { userId: 'bob' })], [price('c', 200, 20)]],
    becomes: { order: { revenue: 20, userId: 'bob' } },
  },
  {
    name: 'of two corrections the later is retracted',
    parts: [[price('c', 200, 20), price('d', 201, 30)], [retract('r', 202, 'd')]],
    becomes: { order: { revenue: 20 } },
  },
  { name: 'an alias: persons part', parts: [[retract('r', 200, 'alias')]], becomes: { alias: undefined } },
  {
    name: 'an alias, and back',
    parts: [[retract('r', 200, 'alias')], [retract('r2', 201, 'r')]],
    becomes: {},
  },
  {
    name: 'an alias: persons stay one',
    parts: [[correct('c', 200, 'alias', { timestamp: iso(10) })]],
    becomes: { alias: { at: time(10) } },
  },
  {
    name: 'an alias, to another person',
    parts: [[correct('c', 200, 'alias', { userId: 'bob' })]],
    becomes: { alias: { userId: 'bob' } },
  },
  {
    name: 'a user whose device follows a later alias',
    parts: [[correct('c', 200, 'his', { userId: 'old-ann' })], []],
    isLate: ['alias'],
    becomes: { his: { userId: 'old-ann' } },
  },
  {
    name: 'all that makes a user known',
    parts: [[retract('r', 200, 'old')]],
    becomes: { old: undefined },
  },
  {
    name: 'an event that makes a user known',
    parts: [[retract('r', 200, 'old'), correct('c', 200, 'late', { userId: 'old-ann' })]],
    becomes: { old: undefined, late: { userId: 'old-ann' } },
  },
  {
    name: 'an identify that another event repeats',
    parts: [[retract('r', 200, 'login')]],
    becomes: { login: undefined },
  },
  {
    name: 'all that says whose a device is',
    parts: [[retract('r', 200, 'login'), retract('r2', 200, 'order')]],
    becomes: { login: undefined, order: undefined },
  },
]

const sourceOf = (index: number) => `story${index}`

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await startWarehouse(
    STORIES.map((_, index) => ({
      source: sourceOf(index),
      measures: [{ name: 'revenue', path: 'properties.revenue' }],
    })),
  )
  const parts = Math.max(...STORIES.map((story) => story.parts.length))
  for (let part = 0; part <= parts; part++) {
    await warehouse.write(STORIES.flatMap((story, index) => deliver(sourceOf(index), linesOf(story, part))))
    await warehouse.recompute()
  }
}, 180_000)
afterAll(() => warehouse.stop())

/** The visit first, then part after part. */
function linesOf({ parts, isLate = [] }: Story, part: number): readonly Line[] {
  if (part === 0) return VISIT.filter(([id]) => !isLate.includes(id))
  const own = parts[part - 1] ?? []
  return part === parts.length ? [...own, ...VISIT.filter(([id]) => isLate.includes(id))] : own
}

function deliver(source: string, lines: readonly Line[]): Envelope[] {
  if (lines.length === 0) return []
  const events = lines.map(([messageId, minute, event]) => ({
    ...event,
    messageId,
    timestamp: time(minute),
    originalTimestamp: time(minute),
  }))
  return [buildEnvelope({ source, receivedAt: time(1_000), events })]
}

describe('a correction', () => {
  it.each(STORIES.map((story, index) => ({ ...story, source: sourceOf(index) })))(
    'of $name reads so in every table',
    async ({ source, becomes }) => {
      const visit = distinctEvents(deliver(source, VISIT))
      const expected = visit.flatMap((event) => {
        if (!Object.hasOwn(becomes, event.id)) return [event]
        const change = becomes[event.id]
        return change === undefined ? [] : [{ ...event, ...change }]
      })
      // What came is still there as it came.
      const { events: asItCame, ...tables } = await readTables(warehouse, source)
      const { events: _, ...rest } = expectTablesOf(expected)
      expect(tables).toEqual(rest)
      expect(asItCame.length).toBe(VISIT.length)
    },
  )

  it('keeps what it does not name', async () => {
    const [row] = await warehouse.query<{ properties: JsonObject }>(
      `SELECT properties FROM events_resolved WHERE source = '${sourceOf(0)}' AND message_id = 'order'`,
    )
    expect(row?.properties).toEqual({ revenue: 20, item: 'x' })
  })
})

describe('many corrections', () => {
  it('take as many statements as one', async () => {
    const source = sourceOf(0)
    const count = async (ids: readonly string[]) => {
      const lines = ids.map((id, index) => correct(`${id}-c`, 300 + index, id, { name: `new ${id}` }))
      await warehouse.write([
        ...deliver(
          source,
          ids.map((id): Line => [id, 250, { type: 'track', event: 'Click', anonymousId: 'z' }]),
        ),
        ...deliver(source, lines),
      ])
      await warehouse.recompute()
      return warehouse.statementCount()
    }
    const one = await count(['single'])
    const many = Array.from({ length: 300 }, (_, index) => `many${index}`)
    // Reads of their corrections apart, whose ids are parameters.
    expect(await count(many)).toBeLessThan(one + 10)
    const [row] = await warehouse.query<{ count: string }>(
      `SELECT count() AS count FROM events_resolved WHERE source = '${source}' AND name = concat('new ', message_id)`,
    )
    expect(Number(row?.count)).toBe(301)
  })

  it('leave what looks like a time as it came', async () => {
    const source = sourceOf(1)
    const properties = {
      when: '2026-11-01T10:00:00Z',
      day: '2026-11-01',
      deep: { at: '2026-11-01 10:00:00' },
      price: 1,
    }
    await warehouse.write([
      ...deliver(source, [['times', 250, { type: 'track', event: 'Click', anonymousId: 'z', properties }]]),
      ...deliver(source, [correct('times-c', 300, 'times', { properties: { price: 2 } })]),
    ])
    await warehouse.recompute()
    const [row] = await warehouse.query<{ properties: JsonObject }>(
      `SELECT properties FROM events_resolved WHERE source = '${source}' AND message_id = 'times'`,
    )
    expect(row?.properties).toEqual({ ...properties, price: 2 })
  })
})

describe("the operator's commands", () => {
  let stack: ConfiguredStack
  beforeAll(async () => {
    stack = await startConfiguredStack('orders-corrected')
  })
  afterAll(() => stack.stop())

  const target = () => ['--source', 'shop', '--endpoint', stack.url, '--reason', 'a test']

  it('send corrections that count', async () => {
    const set = ['--set', 'userId=42', '--set', 'properties.total=12.5', '--set', 'properties.note="x"']
    const corrected = await stack.millrace('correct', 'order-1', ...target(), ...set)
    expect(corrected).toMatchObject({ code: 0, stderr: '' })
    const [, id = ''] = /^the correction (\S+) of order-1 was taken;/.exec(corrected.stdout) ?? []
    const retracted = await stack.millrace('retract', id, ...target(), '--json')
    expect(JSON.parse(retracted.stdout)).toMatchObject({ kind: 'accepted' })
    const rows = await waitFor(
      () =>
        stack.query<object>(
          'SELECT target_id, message_id, kind, changes, reason FROM corrections FINAL ORDER BY kind',
        ),
      (found) => found.length === 2,
    )
    expect(rows).toMatchObject([
      { target_id: 'order-1', message_id: id, kind: 'correct', reason: 'a test' },
      { target_id: id, kind: 'retract', changes: '{}' },
    ])
    const [{ changes } = { changes: '' }] = rows as { changes: string }[]
    expect(JSON.parse(changes)).toEqual({ userId: '42', properties: { total: 12.5, note: 'x' } })
  })

  it('are refused without the secret key, and the correction with the public one is quarantined', async () => {
    const refused = await stack.millrace('retract', 'order-1', ...target(), '--secret-key', 'wk_shop')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('quarantined, secret_key_required')
    const rows = await waitFor(
      () =>
        stack.query<object>(
          "SELECT event, reason FROM quarantine FINAL WHERE reason = 'secret_key_required'",
        ),
      (found) => found.length === 1,
    )
    expect(rows).toEqual([{ event: '$retract', reason: 'secret_key_required' }])
    expect(await stack.query('SELECT 1 FROM corrections FINAL')).toHaveLength(2)
  })
})
