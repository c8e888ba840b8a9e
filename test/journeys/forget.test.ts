/** A person is forgotten: nothing of hers is in any table, and everyone else's numbers are those of the events that stay. */

import type { Envelope, EnvelopeEvent, QuarantinedEvent } from '@millrace/schemas'
import { type Statements, sweepForgotten } from '@millrace/schemas/recompute'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ForgetEffects, findTraces, forget } from '../../cli/src/forget/forget.ts'
import { listRequests } from '../../cli/src/forget/record.ts'
import { createStatements } from '../../cli/src/forget/statements.ts'
import { createForgottenLookup } from '../../consumers/src/forgotten/lookup.ts'
import { withoutForgotten } from '../../consumers/src/forgotten/without-forgotten.ts'
import type { Sink } from '../../consumers/src/sink.ts'
import { createWarehouse } from '../../consumers/src/warehouse/insert.ts'
import { createWarehouseSink } from '../../consumers/src/warehouse/sink.ts'
import { buildEnvelope } from '../support/envelope.ts'
import { expectTablesOf, readTables } from '../support/oracle/compare.ts'
import { distinctEvents, type OracleEvent } from '../support/oracle/events.ts'
import { resolveIdentity } from '../support/oracle/identity.ts'
import { CutOff, startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

/** Everything of hers has this in it, and nothing else has. */
const HERS = 'alice'

/** With all that could go wrong on the way into a statement. */
const ALICE = `${HERS}'s \\"id"\t[ü],{}`

const START = Date.UTC(2026, 10, 20, 10)

/** Every which statement the command is cut off at; all of them with many rounds: `PROPERTY_RUNS=100`. */
const CUT_STEP = Number(process.env['PROPERTY_RUNS'] ?? 1) > 10 ? 1 : 13

const SWEEP_STEP = CUT_STEP === 1 ? 1 : 6

const names = Array.from({ length: Math.ceil(40 / CUT_STEP) + 1 }, (_, index) => `cut${index}`)
const sources = ['whole', 'again', 'visitor', 'parted', 'namesakes', ...names]

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await startWarehouse(
    sources.map((source) => ({ source, measures: [{ name: 'revenue', path: 'properties.revenue' }] })),
  )
})
afterAll(() => warehouse.stop())

const envelope = (source: string, more: Partial<Envelope>) =>
  buildEnvelope({ source, receivedAt: START + 86_400_000, ...more })

type Story = [id: string, minute: number, event: Omit<EnvelopeEvent, 'messageId' | 'timestamp'>]

const page = (path: string) => ({ type: 'page' as const, properties: { path } })
const buy = (revenue: number) => ({ type: 'track' as const, event: 'Buy', properties: { revenue } })
const inSession = (id: string) => ({ context: { session: { id } } })

/** Two persons on one laptop, in one visit and in one session of the client's, each with a telephone of their own. */
const STORIES: readonly Story[] = [
  ['m1', 0, { ...page('/'), anonymousId: 'laptop' }],
  [
    'm2',
    5,
    { type: 'identify', anonymousId: 'laptop', userId: ALICE, traits: { email: `${HERS}@example.com` } },
  ],
  ['m3', 10, { ...page('/hers'), anonymousId: 'laptop' }],
  ['m4', 20, { ...buy(20), anonymousId: 'laptop', userId: ALICE }],
  ['m5', 30, { type: 'identify', anonymousId: 'laptop', userId: 'bob' }],
  ['m6', 31, { ...buy(5), anonymousId: 'laptop' }],
  ['m7', 62, { ...page('/b'), anonymousId: 'laptop' }],
  ['m8', 400, { ...page('/c'), anonymousId: 'laptop', userId: ALICE, ...inSession('s1') }],
  ['m9', 401, { ...page('/d'), anonymousId: 'laptop', userId: 'bob', ...inSession('s1') }],
  ['m10', 402, { ...page('/e'), anonymousId: 'laptop', ...inSession('s1') }],
  ['m11', 403, { ...buy(9), anonymousId: 'laptop', userId: ALICE, ...inSession('s1') }],
  ['p1', 15, { ...page('/p'), anonymousId: `${HERS}-phone` }],
  ['p2', 16, { ...buy(100), anonymousId: `${HERS}-phone`, userId: `${HERS}-before` }],
  ['p3', 500, { type: 'alias', previousId: `${HERS}-before`, userId: ALICE, anonymousId: `${HERS}-phone` }],
  ['p4', 5_000, { ...page('/later'), anonymousId: `${HERS}-phone` }],
  ['q1', 15, { ...page('/p'), anonymousId: 'his-phone' }],
  ['q2', 17, { ...buy(50), anonymousId: 'his-phone', userId: 'bob' }],
]

function deliver(source: string, stories: readonly Story[] = STORIES): Envelope {
  const events = stories.map(([messageId, minute, event]) => {
    const at = START + minute * 60_000
    return { ...event, messageId, timestamp: at, originalTimestamp: at }
  })
  return envelope(source, { events })
}

function refuse(messageId: string, raw: string, more: Partial<QuarantinedEvent> = {}): QuarantinedEvent {
  const shared = { index: 0, reason: 'missing_field' as const, path: 'event', message: 'm' }
  return { ...shared, messageId, raw, rawBytes: raw.length, ...more }
}

const REFUSED: readonly QuarantinedEvent[] = [
  refuse('r1', JSON.stringify({ type: 'track', userId: ALICE })),
  refuse('r2', `{"userId" : "${HERS}-before","properties":{"long":"cut`, { rawBytes: 99_999 }),
  refuse('r3', '{"type":"track"}', { anonymousId: `${HERS}-phone` }),
  refuse('r4', '{"type":"track","userId":"bob"}'),
]

/** A correction of hers, one of his, and what retracts them. */
function corrections(): Story[] {
  const of = (event: string, properties: EnvelopeEvent['properties']) => ({
    type: 'track' as const,
    event,
    properties: properties ?? {},
  })
  return [
    ['c1', 6_000, of('$correct', { messageId: 'm4', reason: 'r', changes: { properties: { revenue: 21 } } })],
    ['c2', 6_001, of('$retract', { messageId: 'c1', reason: 'r' })],
    ['c3', 6_002, of('$correct', { messageId: 'q1', reason: 'r', changes: { userId: `${HERS}-before` } })],
    ['c4', 6_003, of('$correct', { messageId: 'q2', reason: 'r', changes: { properties: { revenue: 51 } } })],
  ]
}

/** Closed live windows with her as one group, and as one of the most frequent values of another. */
async function writeLiveWindows(source: string): Promise<void> {
  const row = (name: string, key: string, top: string) =>
    `('${source}', '${name}', toDateTime64('2026-11-20 10:00:00', 3, 'UTC'), toDateTime64('2026-11-20 10:01:00', 3, 'UTC'), 1, 'final', ${key}, 3, ${top})`
  const hers = `concat('${HERS}', '-phone')`
  const rows = [
    row('by_visitor', `[${hers}, 'DE']`, 'map()'),
    row('by_visitor', "['his-phone', 'DE']", 'map()'),
    row('frequent', '[]', `map('who', [('his-phone', 2, 0), (${hers}, 1, 1)], 'where', [('DE', 3, 0)])`),
  ]
  await warehouse.run(
    `INSERT INTO live_windows (source, name, window_start, window_end, version, state, key, events, tops) VALUES ${rows.join(', ')}`,
  )
}

function readLiveWindows(source: string): Promise<object[]> {
  return warehouse.query(
    `SELECT name, key, toUInt32(events) AS events, mapApply((name, list) -> (name, arrayMap(top -> top.value, list)), tops) AS values
    FROM live_windows_latest WHERE source = '${source}' ORDER BY name, key`,
  )
}

/** Them, without her. */
const OTHERS_WINDOWS = [
  { name: 'by_visitor', key: ['his-phone', 'DE'], events: 3, values: {} },
  { name: 'frequent', key: [], events: 3, values: { who: ['his-phone'], where: ['DE'] } },
]

const read = (source: string) => readTables(warehouse, source)

/** The events that stay: those that the oracle gives to nobody of hers. */
function remaining(source: string, stories = STORIES): OracleEvent[] {
  const all = distinctEvents([deliver(source, stories)])
  const { personOf } = resolveIdentity(all)
  return all.filter((event) => !personOf(event).startsWith(HERS))
}

/** The same after {@link corrections}; q1 had been put down to her by one. */
function remainingCorrected(source: string): OracleEvent[] {
  return remaining(source)
    .filter(({ id }) => id !== 'q1')
    .map((event) => (event.id === 'q2' ? { ...event, revenue: 51 } : event))
}

/** Tables, dictionaries too, with a row that has the word in it. */
async function tablesWith(word: string, sources?: readonly string[]): Promise<string[]> {
  const columns = await warehouse.query<{ table: string; names: string[]; types: string[] }>(`
    SELECT c.table AS table, groupArray(c.name) AS names, groupArray(c.type) AS types
    FROM system.columns AS c INNER JOIN system.tables AS t ON c.database = t.database AND c.table = t.name
    WHERE c.database = 'millrace' AND t.engine NOT LIKE '%View' AND c.type NOT LIKE 'AggregateFunction%' AND c.default_kind != 'ALIAS'
    GROUP BY table ORDER BY table`)
  const found: string[] = []
  for (const { table, names } of columns) {
    const where =
      sources === undefined || !names.includes('source') ? '' : `WHERE source IN ('${sources.join("', '")}')`
    const rows = await warehouse.query<object>(
      `SELECT ${names.map((name) => `\`${name}\``).join(', ')} FROM ${table} ${where}`,
    )
    if (JSON.stringify(rows).includes(word)) found.push(table)
  }
  return found
}

function effectsOf({ failAt = Number.POSITIVE_INFINITY } = {}): ForgetEffects {
  const statements = createStatements({
    url: warehouse.url,
    user: 'default',
    password: '',
    database: 'millrace',
    fetch,
    signal: new AbortController().signal,
  })
  let count = 0
  let before = ''
  return {
    read: statements.read,
    async run(sql, parameters) {
      // One after the other, and all alike.
      if (!sql.endsWith('APPLY DELETED MASK') || !before.endsWith('APPLY DELETED MASK')) count++
      before = sql
      if (count >= failAt) throw new CutOff(`statement ${count}`)
      await statements.run(sql, parameters)
    },
    randomId: () => crypto.randomUUID(),
    sleep: async () => {},
    patienceMs: 0,
  }
}

async function forgetHer(source: string, effects = effectsOf(), id = ALICE) {
  const found = await findTraces(effects, { source, kind: 'user', id })
  return { found, deleted: await forget(effects, found, 'asked for it') }
}

describe('a person with two devices, one of them shared', () => {
  it('is gone from every table, and the numbers of the other are those of his events', async () => {
    const source = 'whole'
    await warehouse.write([
      deliver(source),
      deliver(source, corrections()),
      envelope(source, { quarantined: [...REFUSED] }),
    ])
    await writeLiveWindows(source)
    await warehouse.recompute()
    expect(await tablesWith(HERS)).toEqual(
      expect.arrayContaining([
        'events',
        'identities',
        'sessions',
        'quarantine',
        'corrections',
        'person_of_user',
        'live_windows',
      ]),
    )

    const { found, deleted } = await forgetHer(source)
    expect(found).toMatchObject({ users: 2, devices: 2, sharedDevices: 2, isRepeated: false })
    expect(deleted).toMatchObject({ quarantine: 3, live_windows: 2 })
    await warehouse.recompute()

    expect(await tablesWith(HERS)).toEqual([])
    const mutations = await warehouse.query<object>('SELECT command FROM system.mutations')
    expect(JSON.stringify(mutations)).not.toContain(HERS)
    const masked = await warehouse.query(
      "SELECT table FROM system.parts WHERE active AND has_lightweight_delete AND database = 'millrace'",
    )
    expect(masked).toEqual([])
    expect(await read(source)).toEqual(expectTablesOf(remainingCorrected(source)))
    expect(await readLiveWindows(source)).toEqual(OTHERS_WINDOWS)
  })
})

describe('a person whom an alias joined once, until it was retracted', () => {
  it('takes nothing of the other along', async () => {
    const source = 'parted'
    const ada: Story[] = [
      ['a1', 1, { ...page('/'), anonymousId: 'phone-a' }],
      ['a2', 2, { type: 'identify', anonymousId: 'phone-a', userId: 'ada' }],
    ]
    const eve: Story[] = [
      ['e1', 3, { ...page('/'), anonymousId: 'phone-e' }],
      ['e2', 4, { type: 'identify', anonymousId: 'phone-e', userId: 'eve' }],
    ]
    await warehouse.write([
      deliver(source, [...ada, ...eve]),
      deliver(source, [['alias', 5, { type: 'alias', previousId: 'eve', userId: 'ada' }]]),
    ])
    await warehouse.recompute()
    const properties = { messageId: 'alias', reason: 'two persons' }
    await warehouse.write([deliver(source, [['undo', 6, { type: 'track', event: '$retract', properties }]])])
    await warehouse.recompute()

    const { found } = await forgetHer(source, effectsOf(), 'ada')
    expect(found).toMatchObject({ users: 1, devices: 1 })
    await warehouse.recompute()
    expect(await read(source)).toEqual(expectTablesOf(distinctEvents([deliver(source, eve)])))
    const [left] = await warehouse.query<{ count: string }>(
      `SELECT count() AS count FROM forgotten WHERE source = '${source}' AND kind = 'anonymous' AND id_hash = lower(hex(SHA256('anonymous\\neve')))`,
    )
    expect(Number(left?.count)).toBe(0)
  })
})

it('an anonymous id that reads like the user id of the forgotten stays', async () => {
  const source = 'namesakes'
  const bob: Story[] = [
    ['b1', 1, { ...page('/'), anonymousId: '42' }],
    ['b2', 2, { type: 'identify', anonymousId: '42', userId: 'bob' }],
    ['b3', 600, { ...page('/'), anonymousId: '42' }],
    ['n1', 5, { ...page('/'), anonymousId: '43' }],
  ]
  const hers: Story[] = [
    ['h1', 3, { ...page('/'), anonymousId: 'phone-42', userId: '42' }],
    ['h2', 4, { ...page('/'), anonymousId: 'phone-43', userId: '43' }],
  ]
  await warehouse.write([deliver(source, [...bob, ...hers])])
  await warehouse.recompute()
  await forgetHer(source, effectsOf(), '42')
  await forgetHer(source, effectsOf(), '43')
  await warehouse.recompute()
  expect(await read(source)).toEqual(expectTablesOf(distinctEvents([deliver(source, bob)])))
})

describe('what comes later', () => {
  const source = 'again'
  const logged: Record<string, unknown>[] = []
  let sink: Sink

  beforeAll(async () => {
    await warehouse.write([deliver(source)])
    await warehouse.recompute()
    await forgetHer(source)
    await warehouse.recompute()
    const connection = { url: warehouse.url, username: 'default', password: '', database: 'millrace' }
    const read: Statements['read'] = (sql, parameters) => warehouse.query(sql, parameters)
    const lookup = createForgottenLookup({ read, now: Date.now, log: (record) => void logged.push(record) })
    sink = withoutForgotten(createWarehouseSink({ insert: createWarehouse(connection).insert }), lookup)
  })

  it('is left out by the Worker, with nothing of its content', async () => {
    const later = deliver(source, [
      ['l1', 9_000, { ...buy(1), userId: ALICE }],
      ['l2', 9_001, { ...page('/'), anonymousId: `${HERS}-phone` }],
      ['l3', 9_002, { type: 'alias', previousId: `${HERS}-before`, userId: 'somebody' }],
      ['m1', 0, { ...page('/'), anonymousId: 'laptop' }],
      ['l4', 9_003, { ...page('/'), anonymousId: 'laptop', userId: 'bob' }],
    ])
    const outcomes = await sink.write([
      { messageId: 'a', envelope: later },
      { messageId: 'b', envelope: envelope(source, { quarantined: [...REFUSED] }) },
    ])
    expect([outcomes, logged]).toEqual([[{ kind: 'written' }, { kind: 'written' }], []])
    await warehouse.recompute()
    const omitted = await warehouse.query<{ id: string }>(
      `SELECT message_id AS id FROM omitted FINAL WHERE source = '${source}' AND status = 'filtered' AND reason = 'forgotten' ORDER BY id`,
    )
    // What was erased before is there too, as a row that says only that there was an event.
    const stayed = new Set(remaining(source).map(({ id }) => id))
    const erased = STORIES.map(([id]) => id).filter((id) => !stayed.has(id))
    const left = new Set([...erased, 'l1', 'l2', 'l3', 'm1', 'r1', 'r2', 'r3'])
    expect(omitted.map(({ id }) => id)).toEqual([...left].sort())
    expect(await tablesWith(HERS, [source])).toEqual([])
    const his: Story[] = [...STORIES, ['l4', 9_003, { ...page('/'), anonymousId: 'laptop', userId: 'bob' }]]
    expect(await read(source)).toEqual(expectTablesOf(remaining(source, his)))
  })

  it('is deleted again where a Worker did not know yet', async () => {
    const before = await read(source)
    const slipped: Story[] = [
      ['s1', 61, { ...page('/slipped'), anonymousId: 'laptop', userId: ALICE }],
      ['s2', 9_100, { ...buy(3), anonymousId: `${HERS}-phone` }],
    ]
    await warehouse.write([
      deliver(source, slipped),
      envelope(source, { quarantined: [...REFUSED.slice(0, 3)] }),
    ])
    await writeLiveWindows(source)
    expect(await tablesWith(HERS, [source])).toEqual(expect.arrayContaining(['events', 'live_windows']))
    // As each run does, here with what was refused long ago too.
    const statements = { run: warehouse.run, read: warehouse.query }
    expect(await sweepForgotten(statements, { id: 'sweep', since: '1970-01-01 00:00:00.000' })).toBe(2)
    await warehouse.recompute()
    expect(await tablesWith(HERS, [source])).toEqual([])
    expect(await read(source)).toEqual(before)
    expect(await readLiveWindows(source)).toEqual(OTHERS_WINDOWS)
  })
})

describe('a sweep that is cut off', () => {
  it('is finished by the next one', { timeout: 600_000 }, async () => {
    const source = 'again'
    let isCut = true
    for (let failAt = 1; isCut; failAt += SWEEP_STEP) {
      await warehouse.write([
        deliver(source, [
          [`z${failAt}`, 9_200, { ...buy(3), anonymousId: `${HERS}-phone`, userId: ALICE }],
          [`y${failAt}`, 9_201, { type: 'alias', previousId: `${HERS}-before`, userId: ALICE }],
        ]),
      ])
      let count = 0
      const cutOff = {
        read: warehouse.query,
        run: async (sql: string, parameters?: Record<string, unknown>) => {
          count++
          if (count >= failAt) throw new CutOff(`statement ${count}`)
          await warehouse.run(sql, parameters)
        },
      }
      const since = '1970-01-01 00:00:00.000'
      isCut = await sweepForgotten(cutOff, { id: `cut${failAt}`, since }).then(
        () => false,
        (error: unknown) => {
          if (error instanceof CutOff) return true
          throw error
        },
      )
      await warehouse.recompute()
      expect(await tablesWith(HERS, [source]), `cut off at statement ${failAt}`).toEqual([])
    }
  })
})

describe('a visitor who never said who they are', () => {
  it('is forgotten by the anonymous id, and a device of several persons is not', async () => {
    const source = 'visitor'
    await warehouse.write([
      deliver(source),
      deliver(source, [['v1', 1, { ...page('/v'), anonymousId: 'nobody-1' }]]),
    ])
    await warehouse.recompute()
    const effects = effectsOf()
    const shared = findTraces(effects, { source, kind: 'anonymous', id: 'laptop' })
    await expect(shared).rejects.toThrow('several persons used this device; forget each by --user')
    const found = await findTraces(effects, { source, kind: 'anonymous', id: 'nobody-1' })
    expect(found).toMatchObject({ users: 0, devices: 1, sharedDevices: 0, events: 1 })
    expect(found.lake).toEqual(['events/source=visitor/date=2026-11-20/hour=10/', 'events/source=visitor/'])
    await forget(effects, found, '')
    await warehouse.recompute()
    expect(await read(source)).toEqual(expectTablesOf(distinctEvents([deliver(source)])))
  })
})

it('a command that is cut off anywhere is finished by the next one', { timeout: 1_800_000 }, async () => {
  // Without the one that makes his event hers: it goes with her, and the event is his again.
  const corrected = corrections().filter(([id]) => id !== 'c3')
  await warehouse.write(names.flatMap((source) => [deliver(source), deliver(source, corrected)]))
  await warehouse.recompute()
  const cut: string[] = []
  for (const [index, source] of names.entries()) {
    const isCut = await forgetHer(source, effectsOf({ failAt: index * CUT_STEP + 1 })).then(
      () => false,
      (error: unknown) => {
        if (error instanceof CutOff) return true
        throw error
      },
    )
    cut.push(source)
    if (!isCut) break
  }
  expect(cut.length).toBeLessThan(names.length)
  await warehouse.recompute()
  for (const source of cut) await forgetHer(source)
  await warehouse.recompute()
  for (const source of cut) {
    const expected = remaining(source).map((event) => (event.id === 'q2' ? { ...event, revenue: 51 } : event))
    expect(await read(source), source).toEqual(expectTablesOf(expected))
    const requests = await listRequests(effectsOf(), source)
    expect(requests, source).toMatchObject([{ reason: 'asked for it', finishedAt: expect.any(String) }])
    // Five folders that have something of hers, and the whole of the source.
    expect(requests[0]?.openLake.length, source).toBe(6)
  }
  expect(await tablesWith(HERS, cut)).toEqual([])
})
