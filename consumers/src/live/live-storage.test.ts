/** What is kept of live windows, through crashes at any point: in the SQLite of a real object, and by the object itself. */

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { Envelope, EnvelopeEvent } from '@millrace/schemas'
import type { ChangeMessage, LivePlan, LiveWindow, WindowDefinition } from '@millrace/schemas/live'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { decodeChange, encodeChange } from './change.ts'
import { buildRows } from './closed-windows.ts'
import { combine, type Entry, listEntries } from './combine.ts'
import { encodeIds } from './event-ids.ts'
import { createRandom } from './ground-truth.ts'
import { deliveriesOf, envelopeOf, planOf, sinkTo } from './live-fakes.ts'
import type { LiveState } from './live-state.ts'
import { createLiveStorage, type LiveSql } from './live-storage.ts'
import { compilePlan } from './plan.ts'

const S = 1_000
const M = 60 * S
const T = 2_500_000_200_000

const COUNT = { count: { kind: 'count' } } as const
const TUMBLING: WindowDefinition = {
  ...{ name: 'tumbling', by: ['event'], measures: COUNT },
  window: { kind: 'tumbling', size: '10s' },
}
const SLIDING: WindowDefinition = {
  ...{ name: 'sliding', by: ['event'], measures: COUNT },
  window: { kind: 'sliding', size: '2m', every: '30s' },
}
const VISITS: WindowDefinition = {
  ...{ name: 'visits', by: ['visitor_id'], measures: COUNT },
  window: { kind: 'session', gap: '1m' },
}
const SHORT = { latenessMs: 10 * S, retentionMs: 10 * M }

let objects = 0

/** Runs with the storage of an object that nobody else uses. */
async function withSql(run: (sql: LiveSql, transaction: (act: () => void) => void) => void): Promise<void> {
  objects += 1
  await runInDurableObject(env.LIVE.getByName(`storage-${objects}`), (_, { storage }) =>
    run(storage.sql as LiveSql, (act) => storage.transactionSync(act)),
  )
}

/** What the object does with its storage, without the object: so that it may crash wherever a test wants. */
function createWorld(sql: LiveSql, transaction: (act: () => void) => void) {
  const logged: Record<string, unknown>[] = []
  const load = () => {
    const storage = createLiveStorage(sql)
    return { storage, state: storage.load((record) => void logged.push(record)) }
  }
  let { storage, state } = load()
  const world = {
    logged,
    storage: () => storage,
    state: () => state,
    crash() {
      ;({ storage, state } = load())
    },
    save: () => transaction(() => storage.save(state)),
    usePlan(plan: LivePlan) {
      if (JSON.stringify(plan) === state.planText()) return
      state.usePlan(plan)
      world.save()
    },
    /** Writes entries that are not known yet, and applies them unless it crashes before. */
    apply(plan: LivePlan, at: number, entries: readonly Entry[], isCrash = false) {
      world.usePlan(plan)
      if (state.isTickDue(at)) state.tick(at)
      const known = new Set(state.findKnown(entries.map(({ id }) => id)))
      const left = entries.filter((_, index) => !known.has(index))
      if (left.length === 0) return
      const text = encodeChange(combine(compilePlan(plan), left, state.floor()))
      const ids = left.map(({ id }) => id)
      transaction(() => storage.append(ids, text, at))
      if (isCrash) return world.crash()
      storage.remember(ids, state.apply(ids, decodeChange(text, state.findWindow), at, at))
      if (storage.isSaveDue()) world.save()
    },
    write: (plan: LivePlan, at: number, ...envelopes: Envelope[]) =>
      world.apply(plan, at, listEntries(deliveriesOf(...envelopes))),
  }
  return world
}

const event = (messageId: string, timestamp: number, more: Partial<EnvelopeEvent> = {}) => ({
  ...{ messageId, timestamp },
  ...more,
})

/** All that is told, but for how long it took. */
function told(state: LiveState, now: number) {
  const { latencyMs: _, stages: __, ...health } = state.readHealth(now)
  return {
    ...{ progress: state.progress(), floor: state.floor(), definitions: state.definitions(), health },
    windows: state.definitions().flatMap(({ name }) => state.between(name, 0, Number.MAX_SAFE_INTEGER, now)),
    undelivered: state.undelivered().map(({ window }) => window),
    nextDue: state.nextDue(now),
    ids: state.ids.size(),
  }
}

describe('storage of live windows', () => {
  it('has nothing at first, and the same nothing after a crash', () =>
    withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      const before = told(world.state(), T)
      world.crash()
      expect(told(world.state(), T)).toEqual(before)
    }))

  it.each([1, 126, 127, 128, 129, 255, 256, 300])('has all of %i changes after a crash', (count) =>
    withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      const plan = planOf([TUMBLING, VISITS])
      for (let i = 0; i < count; i++)
        world.write(plan, T + i, envelopeOf([event(`e-${i}`, T + i * 100, { anonymousId: `v${i % 3}` })]))
      world.state().tick(T + 40 * S)
      const before = told(world.state(), T + 40 * S)
      world.crash()
      world.state().tick(T + 40 * S)
      expect(told(world.state(), T + 40 * S)).toEqual(before)
      expect(before.windows.reduce((sum, { events }) => sum + events, 0)).toBe(2 * count)
      expect(sql.exec('SELECT count(*) AS n FROM log').toArray()).toEqual([{ n: Math.min(count, 128) }])
    }),
  )

  it('asks to be saved before a place of the log is used again', () =>
    withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      world.usePlan(planOf([TUMBLING]))
      for (let i = 0; i < 127; i++) {
        expect(world.storage().isSaveDue()).toBe(false)
        world.storage().append([], encodeChange(combine(compilePlan(planOf([])), [], 0)), T)
      }
      expect(world.storage().isSaveDue()).toBe(true)
    }))

  it('has a change that was written, when the crash came before it was applied', () =>
    withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      const plan = planOf([TUMBLING])
      const entries = listEntries(deliveriesOf(envelopeOf([event('a', T), event('b', T)])))
      world.apply(plan, T, entries, true)
      expect(world.state().between('tumbling', 0, T + M, T)[0]?.events).toBe(2)
      // The consumer heard nothing, and says it again.
      world.apply(plan, T, entries)
      expect(world.state().between('tumbling', 0, T + M, T)[0]?.events).toBe(2)
    }))

  it('has all of what a save did not write', () =>
    withSql((sql, transaction) => {
      let budget = Number.POSITIVE_INFINITY
      const failing: LiveSql = {
        exec(statement, ...bindings) {
          if (/^(INSERT|DELETE)/.test(statement)) budget -= 1
          if (budget < 0) throw new Error('the disk is full')
          return sql.exec(statement, ...bindings)
        },
      }
      const world = createWorld(failing, transaction)
      const plan = planOf([TUMBLING, SLIDING, VISITS])
      for (let i = 0; i < 30; i++)
        world.write(plan, T + i * S, envelopeOf([event(`e-${i}`, T + i * S, { anonymousId: `v${i % 4}` })]))
      for (const writes of [0, 1, 3, 7, 15]) {
        budget = writes
        try {
          world.save()
        } catch {
          // The disk is full, and the object ends itself.
          budget = Number.POSITIVE_INFINITY
          world.crash()
        }
        budget = Number.POSITIVE_INFINITY
      }
      world.write(plan, T + 31 * S, envelopeOf([event('last', T + 31 * S)]))
      const before = told(world.state(), T + 32 * S)
      world.save()
      world.crash()
      expect(told(world.state(), T + 32 * S)).toEqual(before)
    }))

  it('gives back long texts as they were', () =>
    withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      const plan = planOf([
        { ...TUMBLING, by: [], measures: { names: { kind: 'top', of: 'event', limit: 100 } } },
      ])
      // More than a row holds; wherever that is cut, it is within a character in one of the windows.
      for (const shift of [0, 1, 2, 3]) {
        const names = Array.from({ length: 1_990 }, (_, i) => `${1_000 + i}${'😀'.repeat(147)}`)
        for (const part of [['0'.repeat(shift), ...names.slice(0, 1_000)], names.slice(1_000)])
          world.write(
            plan,
            T,
            envelopeOf(part.map((name) => event(`${shift} ${name}`, T + shift * 10 * S, { event: name }))),
          )
      }
      world.save()
      expect(sql.exec('SELECT max(part) AS part FROM pieces').toArray()).toEqual([{ part: 1 }])
      world.crash()
      const [text] = [...world.state().tables().values()].map(({ table }) => {
        world.write(plan, T, envelopeOf([0, 1, 2, 3].map((i) => event(`touch ${i}`, T + i * 10 * S))))
        return JSON.stringify(table.takeUnsaved())
      })
      expect(text?.length).toBeGreaterThan(2_400_000)
      expect(text?.includes('\ufffd')).toBe(false)
    }))

  it('does not lose the rest for a change that cannot be read', () =>
    withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      const plan = planOf([TUMBLING])
      for (let i = 0; i < 3; i++) world.write(plan, T, envelopeOf([event(`e-${i}`, T)]))
      sql.exec(`UPDATE log SET change = '{' WHERE seq = 2`)
      world.crash()
      expect(world.state().between('tumbling', 0, T + M, T)[0]?.events).toBe(2)
      expect(world.logged).toMatchObject([{ level: 'error', event: 'live_log_unreadable', seq: 2 }])
    }))

  it('is told nothing of definitions that are gone, once their windows are', () =>
    withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      world.write(planOf([TUMBLING, VISITS], SHORT), T, envelopeOf([event('a', T, { anonymousId: 'v' })]))
      world.usePlan(planOf([SLIDING], SHORT))
      world.state().tick(T + 8 * 60 * M)
      world.save()
      world.crash()
      expect([...world.state().tables().values()].map(({ window }) => window.definition.name)).toEqual([
        'sliding',
      ])
      expect(
        sql.exec(`SELECT name FROM pieces WHERE name NOT LIKE ' %' OR name LIKE '%tumbl%'`).toArray(),
      ).toEqual([])
    }))

  it('writes no more rows of a save than pieces that changed', () =>
    withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      const plan = planOf([TUMBLING, SLIDING])
      for (let i = 0; i < 100; i++) world.write(plan, T + i * S, envelopeOf([event(`e-${i}`, T + i * S)]))
      world.save()
      world.write(plan, T + 100 * S, envelopeOf([event('more', T + 99 * S)]))
      const before = world.storage().rowsWritten()
      world.save()
      // Two panes, one page of ids, health and head; closings if a window closed.
      expect(world.storage().rowsWritten() - before).toBeLessThanOrEqual(7)
    }))

  it('counts each event once and delivers each window whole, through crashes and copies, for an hour', () =>
    withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      const plan = planOf([TUMBLING, SLIDING], SHORT)
      const random = createRandom(17)
      const happened: number[] = []
      const sent: Envelope[] = []
      const rows = new Map<string, { version: number; events: number }>()
      const faults: string[] = []
      const deliver = (isMarked: boolean) => {
        world.save()
        for (const item of world.state().undelivered()) {
          for (const { name, window_start, version, events } of buildRows('s', item)) {
            const place = `${name} ${(window_start - T) / S}`
            const known = rows.get(place)
            if (known !== undefined && known.version >= version && known.events !== events)
              faults.push(
                `${place} had ${known.events} as version ${known.version}, now ${events} as ${version}`,
              )
            rows.set(place, { version, events })
          }
          if (isMarked) item.markDelivered()
        }
      }
      for (let step = 0; step < 240; step++) {
        const now = T + step * 15 * S
        const times = Array.from({ length: 3 }, () => now - Math.floor(random() ** 3 * 4 * M))
        const envelope = envelopeOf(
          times.map((time, i) => event(`s${step}-${i + 1}`, time)),
          { receivedAt: now, batchId: `b${step}` },
        )
        happened.push(...times)
        sent.push(envelope)
        const copies = [sent.at(-1 - Math.floor(random() * 20)), sent.at(-1 - Math.floor(random() * 60))]
        const entries = listEntries(deliveriesOf(envelope, ...copies.filter((copy) => copy !== undefined)))
        world.apply(plan, now, entries, random() < 0.05)
        if (world.state().isTickDue(now + 5 * S)) world.state().tick(now + 5 * S)
        if (random() < 0.1) deliver(random() < 0.7)
        if (random() < 0.05) world.save()
        if (random() < 0.08) world.crash()
      }
      world.state().tick(T + 90 * M)
      deliver(true)
      const firstStart = Math.min(...happened)
      for (const { name, window } of [TUMBLING, SLIDING]) {
        const [sizeMs, everyMs] = window.kind === 'sliding' ? [2 * M, 30 * S] : [10 * S, 10 * S]
        for (let start = Math.ceil(firstStart / everyMs) * everyMs; start < T + 55 * M; start += everyMs) {
          const expected = happened.filter((time) => time >= start && time < start + sizeMs).length
          const found = rows.get(`${name} ${(start - T) / S}`)?.events ?? 0
          if (found !== expected) faults.push(`${name} ${(start - T) / S}: ${found}, are ${expected}`)
        }
      }
      expect([faults.length, faults.slice(0, 5)]).toEqual([0, []])
    }))
})

describe('plans', () => {
  const wide = (name: string, title = name): WindowDefinition => ({
    ...{ name, title, measures: COUNT },
    window: { kind: 'tumbling', size: '5m' },
  })
  const START = Math.ceil(T / (5 * M)) * 5 * M

  /** One event a minute under the plan of the minute, and what was final in the end: name, minute, events. */
  async function finals(plans: (minute: number) => LivePlan): Promise<unknown[]> {
    const found: unknown[] = []
    await withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      for (let minute = 0; minute < 25; minute++) {
        const at = START + minute * M
        world.write(plans(minute), at, envelopeOf([event(`e-${minute}`, at)]))
      }
      for (const { window } of world.state().undelivered())
        found.push([window.name, (window.start - START) / M, window.events])
    })
    return found
  }

  it('make no window final that they did not see the whole of: a changed definition', async () => {
    const narrow = { ...wide('w'), where: [{ field: 'type', op: 'exists' as const }] }
    const [before, after] = [planOf([wide('w')]), planOf([narrow])]
    expect(await finals((minute) => (minute < 8 ? before : after))).toEqual([
      ['w', 0, 5],
      ['w', 10, 5],
      ['w', 15, 5],
    ])
  })

  it('may have another title and go on', async () => {
    const [before, after] = [planOf([wide('w', 'one')]), planOf([wide('w', 'two')])]
    expect(await finals((minute) => (minute < 8 ? before : after))).toEqual(
      [0, 5, 10, 15].map((minute) => ['w', minute, 5]),
    )
  })

  it('make no window final that they did not see the whole of: taken away and back', async () => {
    const [both, one] = [planOf([wide('x'), wide('y')]), planOf([wide('x')])]
    const found = await finals((minute) => (minute === 7 || minute === 8 ? one : both))
    expect(found.filter((row) => (row as [string])[0] === 'y')).toEqual([
      ['y', 0, 5],
      ['y', 10, 5],
      ['y', 15, 5],
    ])
  })

  it('make no window final that they did not see the whole of: an old consumer beside a new one', async () => {
    const [old, fresh] = [planOf([wide('x')]), planOf([wide('x'), wide('y')])]
    // The old one still has a turn in the window from minute 10 on.
    const found = await finals((minute) => (minute < 7 || minute === 8 || minute === 12 ? old : fresh))
    const faults = found.filter((row) => (row as [string, number, number])[2] !== 5)
    expect(faults).toEqual([])
  })

  it('never let the floor back: what was forgotten is not begun anew', () =>
    withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      const [brief, long] = [planOf([TUMBLING], SHORT), planOf([TUMBLING], { ...SHORT, retentionMs: 60 * M })]
      const old = envelopeOf([event('old', T), event('other', T)])
      world.write(brief, T, old)
      for (let minute = 1; minute < 30; minute++) {
        world.write(brief, T + minute * M, envelopeOf([event(`e-${minute}`, T + minute * M)]))
        for (const { markDelivered } of world.state().undelivered()) markDelivered()
      }
      const floor = world.state().floor()
      world.usePlan(long)
      expect(world.state().floor()).toBeGreaterThanOrEqual(floor)
      world.write(long, T + 30 * M, old)
      world.state().tick(T + 31 * M)
      expect(world.state().between('tumbling', 0, T + 10 * S, T + 31 * M)).toEqual([])
    }))

  it('that cannot be used leave what was there in use, as often as they come', () =>
    withSql((sql, transaction) => {
      const world = createWorld(sql, transaction)
      const good = planOf([TUMBLING])
      world.write(good, T, envelopeOf([event('a', T)]))
      const [window] = good.windows
      const bad = {
        ...good,
        windows: [...good.windows, { ...window, name: 'new', by: ['column_of_tomorrow'] }],
      } as LivePlan
      for (let i = 0; i < 2; i++) {
        expect(() => world.usePlan(bad)).toThrow('column_of_tomorrow')
        expect(world.state().planText()).toBe(JSON.stringify(good))
      }
      world.crash()
      expect(world.state().definitions()).toHaveLength(1)
    }))
})

describe('the object, after it was evicted', () => {
  let source = ''
  let plan = planOf([TUMBLING, SLIDING])
  const inserted: string[][] = []
  let isClickHouseUp = true

  beforeEach(() => {
    objects += 1
    source = `object-${objects}`
    plan = planOf([TUMBLING, SLIDING])
    inserted.length = 0
    isClickHouseUp = true
    // Years from now, so that alarms come when a test says so.
    vi.useFakeTimers({ toFake: ['Date'], now: T })
    vi.stubGlobal('fetch', async (request: Request | string | URL, init?: RequestInit) => {
      if (!isClickHouseUp) throw new Error('connection refused')
      const body = await new Request(request, init).text()
      inserted.push(body.trim().split('\n'))
      return new Response('')
    })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  const stub = () => env.LIVE.getByName(source)
  const write = (...events: ReturnType<typeof event>[]) =>
    sinkTo(env.LIVE, plan).write(deliveriesOf(envelopeOf(events, { source, receivedAt: Date.now() })))
  const windows = async (name = 'tumbling') => {
    const response = await stub().fetch(`https://live/windows?name=${name}`)
    return (await response.json()) as { watermark: number; windows: LiveWindow[] }
  }
  const shape = ({ start, state, version, events }: LiveWindow) => [(start - T) / S, state, version, events]
  const connect = async (query = '') => {
    const response = await stub().fetch(`https://live/?${query}`, { headers: { upgrade: 'websocket' } })
    const socket = response.webSocket as WebSocket
    const messages: (Partial<Omit<ChangeMessage, 'type'>> & { type: string })[] = []
    socket.addEventListener('message', ({ data }) => {
      if (data === 'pong') return
      const message = JSON.parse(String(data))
      messages.push(message)
      if (message.version !== undefined)
        socket.send(JSON.stringify({ type: 'ack', version: message.version }))
    })
    socket.accept()
    await vi.waitFor(() => expect(messages).toHaveLength(1))
    return { socket, messages }
  }
  const pass = (ms: number) => vi.setSystemTime(Date.now() + ms)

  it('tells no older watermark, and no other window of a version that it told', async () => {
    await write(event('a', T))
    pass(45 * S)
    await write(event('b', T + 45 * S))
    pass(15 * S)
    await write(event('c', T + 1))
    pass(11 * S)
    await write(event('d', Date.now()))
    pass(11 * S)
    const before = await windows()
    expect(before.windows.map(shape)[0]).toEqual([0, 'corrected', 2, 2])
    await evictDurableObject(stub())
    const after = await windows()
    expect(after.watermark).toBeGreaterThanOrEqual(before.watermark)
    expect(after.windows.map(shape)[0]).toEqual([0, 'corrected', 2, 2])
  })

  it('does not write to ClickHouse again what it wrote', async () => {
    await write(event('a', T))
    pass(2 * M)
    await runDurableObjectAlarm(stub())
    pass(2 * M)
    await runDurableObjectAlarm(stub())
    const rows = inserted.flat().length
    expect(rows).toBeGreaterThan(0)
    await evictDurableObject(stub())
    pass(2 * M)
    await runDurableObjectAlarm(stub())
    await windows()
    pass(2 * M)
    await runDurableObjectAlarm(stub())
    expect(inserted.flat()).toHaveLength(rows)
  })

  it('keeps what ClickHouse did not take, and writes it when it does', async () => {
    await write(event('a', T))
    isClickHouseUp = false
    pass(2 * M)
    await runDurableObjectAlarm(stub())
    await evictDurableObject(stub())
    isClickHouseUp = true
    pass(2 * M)
    await runDurableObjectAlarm(stub())
    pass(2 * M)
    await runDurableObjectAlarm(stub())
    expect(inserted.flat().filter((row) => row.includes('"tumbling"'))).toHaveLength(1)
  })

  it('keeps nothing of a source that fell silent, and sleeps', async () => {
    await write(event('a', T), event('b', T + 1, { anonymousId: 'somebody' }))
    let alarms = 0
    for (; alarms < 60; alarms++) {
      const at = await runInDurableObject(stub(), (_, { storage }) => storage.getAlarm())
      if (at === null) break
      vi.setSystemTime(Math.max(at, Date.now()))
      await runDurableObjectAlarm(stub())
    }
    expect(alarms).toBeLessThan(30)
    await evictDurableObject(stub())
    const left = await runInDurableObject(stub(), (_, { storage }) => [
      ...storage.sql.exec(`SELECT name, data FROM pieces WHERE name NOT LIKE ' %'`).toArray(),
      ...storage.sql.exec('SELECT page FROM ids').toArray(),
    ])
    expect(left).toEqual([])
  })

  it('says which windows there are when they became others', async () => {
    await write(event('a', T))
    const response = await stub().fetch('https://live/', { headers: { upgrade: 'websocket' } })
    const socket = response.webSocket as WebSocket
    const messages: { type: string; version: string; definitions?: { name: string }[] }[] = []
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data))
      messages.push(message)
      socket.send(JSON.stringify({ type: 'ack', version: message.version }))
    })
    socket.accept()
    await vi.waitFor(() => expect(messages).toHaveLength(1))
    plan = planOf([TUMBLING, { ...SLIDING, name: 'another' }])
    await write(event('b', T + 1))
    pass(M)
    await write(event('c', T + 2))
    await vi.waitFor(() => expect(messages.length).toBeGreaterThan(1))
    const told = messages.flatMap(({ definitions }) => definitions?.map(({ name }) => name) ?? [])
    socket.close()
    expect(told).toContain('another')
  })

  it('tells those that stayed connected while it slept what changes', async () => {
    await write(event('a', T))
    const { socket, messages } = await connect('filter=event:is:y')
    await evictDurableObject(stub())
    await write(event('b', T + 1), event('c', T + 2, { event: 'y' }))
    await vi.waitFor(() => expect(messages.length).toBeGreaterThan(1))
    const [, change] = messages
    socket.close()
    expect(change?.type).toBe('change')
    expect(change?.windows?.find(({ name }) => name === 'tumbling')?.events).toBe(3)
    // It still knows which events that one wants.
    expect(change?.events?.map(({ messageId }) => messageId)).toEqual(['c'])
  })

  it('lives with whatever a client says', async () => {
    await write(event('a', T))
    const { socket, messages } = await connect()
    const filters = Array.from({ length: 10 }, (_, i) => `event:is:${`${i}`.repeat(900)}`)
    const said: (string | ArrayBuffer)[] = [
      ...['', '{', 'null', '5', '[]', '{}', '{"type":"ack"}', '{"type":"ack","version":5}', '"ack"'],
      ...['{"type":"tail"}', '{"type":"tail","filters":"x"}', '{"type":"tail","filters":[5]}'],
      ...['{"type":"tail","filters":[],"statuses":["fine"]}', '{"type":"tail","filters":[],"statuses":null}'],
      JSON.stringify({ type: 'tail', filters: Array(11).fill('event:exists') }),
      JSON.stringify({ type: 'tail', filters: ['x'.repeat(1_001)] }),
      'x'.repeat(100_000),
      new ArrayBuffer(10),
    ]
    for (const one of said) socket.send(one)
    await vi.waitFor(() => expect(messages.length).toBe(1 + said.length))
    expect(messages.slice(1).every(({ type }) => type === 'error')).toBe(true)
    for (let i = 0; i < 2_000; i++) socket.send(`{"type":"ack","version":"x.${i}"}`)
    socket.send(JSON.stringify({ type: 'tail', filters }))
    socket.send(JSON.stringify({ type: 'tail', filters: ['event:is:y'] }))
    socket.send('ping')
    await write(event('b', T + 1), event('c', T + 2, { event: 'y' }))
    await vi.waitFor(() => expect(messages.at(-1)?.type).toBe('change'))
    socket.close()
    expect((await windows()).windows.map(shape)).toEqual([[0, 'provisional', 0, 3]])
  })

  it('takes a plan that it cannot use for a failure each time, and counts when it can', async () => {
    await write(event('a', T))
    const [window] = plan.windows
    const entries = listEntries(deliveriesOf(envelopeOf([event('b', T)])))
    const request = {
      plan: JSON.stringify({ ...plan, windows: [{ ...window, by: ['column_of_tomorrow'] }] }),
      change: encodeChange(combine(compilePlan(plan), entries, 0)),
      ids: encodeIds(entries.map(({ id }) => id)),
      ...{ earliest: T, events: [], missed: 0 },
    }
    const apply = async () => await stub().apply(request)
    for (let i = 0; i < 2; i++) await expect(apply()).rejects.toThrow('column_of_tomorrow')
    await write(event('b', T))
    expect((await windows()).windows.map(shape)).toEqual([[0, 'provisional', 0, 2]])
  })
})
