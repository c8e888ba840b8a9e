import { describe, expect, it } from 'vitest'
import type { ChangeFacts } from './change.ts'
import { createHealth } from './health.ts'
import { createInsertTimes } from './insert-times.ts'

const S = 1_000
const M = 60 * S
const T = 1_700_000_400_000

const facts = (more: Partial<ChangeFacts> = {}): ChangeFacts => ({
  ...{ events: 1, late: 0, earliest: T, received: [[T, 1]], quarantined: {}, omitted: {} },
  ...{ acceptedUntil: more.received?.at(-1)?.[0] ?? T },
  ...more,
})
const read = (health: ReturnType<typeof createHealth>, now: number, receivedAt = T) =>
  health.read(now, { receivedAt, liveLagMs: 0 })
const lag = (health: ReturnType<typeof createHealth>, now: number) =>
  read(health, now).stages.find(({ stage }) => stage === 'warehouse')?.lagMs

describe('health', () => {
  it('says nothing of a source of which nothing came', () => {
    const health = read(createHealth(), T, 0)
    expect(health).toMatchObject({
      ...{ receivedAt: null, events: 0, latencyMs: { p50: null, p95: null, p99: null } },
      ...{ deadLetters: null, spilled: null, gaps: null },
    })
  })

  it('adds up what came within five minutes', () => {
    const health = createHealth()
    health.apply(facts({ events: 5, quarantined: { a: 1 }, omitted: { bot: 2 }, late: 1 }), T, T)
    health.apply(facts({ events: 2, quarantined: { a: 1, __proto__: 1 } as never }), T + 4 * M, T)
    health.addDuplicates(3, T + M)
    expect(read(health, T + 5 * M)).toMatchObject({
      ...{ events: 7, late: 1, duplicates: 3, quarantined: { a: 2 }, omitted: { bot: 2 } },
    })
    expect(read(health, T + 8 * M)).toMatchObject({ events: 2, late: 0 })
    expect(read(health, T + 20 * M)).toMatchObject({ events: 0, quarantined: {} })
  })

  it('measures from receipt to the windows, and nothing after a restart', () => {
    const health = createHealth()
    health.apply(
      facts({
        received: [
          [T - 200, 99],
          [T - 10 * S, 1],
          [T + 50, 1],
        ],
      }),
      T,
      T,
    )
    health.apply(facts({ received: [[T - M, 1_000]] }), T, undefined)
    const { p50, p99 } = read(health, T).latencyMs
    expect(p50).toBeGreaterThan(195)
    expect(p50).toBeLessThan(205)
    expect(p99).toBeLessThan(205)
  })

  it('is after a restart as it was before', () => {
    const health = createHealth()
    health.apply(facts({ quarantined: { a: 1 }, received: [[T - 5, 3]] }), T, T)
    health.note({ at: T, retries: { lake: 2 }, stages: [{ stage: 'lake', lagMs: 5 }], spilled: 1 })
    const loaded = createHealth()
    loaded.load(health.encode())
    expect(read(loaded, T + S)).toEqual(read(health, T + S))
  })

  it('counts failed deliveries, which says nothing of the stages', () => {
    const health = createHealth()
    health.note({ at: T, stages: [{ stage: 'lake', lagMs: 5 }] })
    health.note({ at: T, retries: { warehouse: 2 } })
    health.note({ at: T + S, retries: { warehouse: 1, lake: 1 } })
    expect(read(health, T + S)).toMatchObject({
      retries: { warehouse: 3, lake: 1 },
      stages: [{ stage: 'live' }, { stage: 'lake', lagMs: 5 }],
    })
  })

  it('does not repeat for long what nobody says any more', () => {
    const health = createHealth()
    health.note({ at: T, stages: [{ stage: 'lake', lagMs: 5 }], deadLetters: 3, spilled: 0, gaps: 1 })
    expect(read(health, T + 4 * M)).toMatchObject({ deadLetters: 3, spilled: 0, gaps: 1 })
    expect(read(health, T + 5 * M)).toMatchObject({
      ...{ deadLetters: null, spilled: null, gaps: null },
      stages: [{ stage: 'live' }, { stage: 'lake', lagMs: null }],
    })
  })

  it.each<[string, number | null, number, number]>([
    ['0 when it has all', T, T + M, 0],
    ['0 when it has more than is counted here', T + S, T + M, 0],
    ['of the oldest that it does not have', T - 2 * M, T + M, 2 * M],
    ['of all when it has nothing', null, T + M, 2 * M],
  ])('tells a lag %s', (_, upTo, at, expected) => {
    const health = createHealth()
    health.apply(facts({ received: [[T - M, 1]] }), T - M, T - M)
    health.apply(facts(), T, T)
    health.note({ at, stages: [{ stage: 'warehouse', upTo }] })
    expect(lag(health, at)).toBe(expected)
  })

  it('does not miss in another stage what was refused', () => {
    const health = createHealth()
    health.apply(facts(), T, T)
    // In one batch with an accepted event, and alone.
    const refused = { quarantined: { schema_violation: 1 } }
    health.apply(
      facts({
        ...refused,
        received: [
          [T, 1],
          [T + 5 * S, 1],
        ],
        acceptedUntil: T,
      }),
      T + S,
      T + S,
    )
    health.apply(
      facts({ ...refused, events: 0, received: [[T + 30 * S, 1]], acceptedUntil: null }),
      ...([T + 30 * S, T + 30 * S] as const),
    )
    expect(health.receipts()).toEqual([T])
    health.note({ at: T + M, stages: [{ stage: 'warehouse', upTo: T }] })
    expect(lag(health, T + M)).toBe(0)
  })

  it('misses in another stage what came too late for the windows', () => {
    const health = createHealth()
    health.apply(facts({ events: 0, late: 1 }), T, T)
    expect(health.receipts()).toEqual([T])
  })

  // The question is of a quarter of an hour: of a source that sent nothing for longer it finds nothing.
  it.each([20, 60, 600])(
    'does not call a stage late that has all, %i minutes after the last event',
    (minutes) => {
      const health = createHealth()
      health.apply(facts(), T, T)
      health.note({ at: T + minutes * M, stages: [{ stage: 'warehouse', upTo: null }] })
      expect(lag(health, T + minutes * M) ?? 0).toBe(0)
    },
  )

  it('tells when what was received was counted, of the last changes', () => {
    const health = createHealth()
    const received = (at: number): ChangeFacts['received'] => [[at - 500, 3]]
    for (let i = 0; i < 70; i++) health.apply(facts({ received: received(T + i * S) }), T + i * S, T)
    expect(health.arrivals()).toHaveLength(60)
    expect(health.arrivals().at(-1)).toEqual([T + 69 * S - 500, T + 69 * S])
    const again = createHealth()
    again.load(health.encode())
    expect(again.arrivals()).toEqual(health.arrivals())
  })

  it('has totals that never fall: what a crash would take back is told once it is saved', () => {
    const health = createHealth()
    health.apply(facts({ events: 5, late: 1, quarantined: { a: 1 }, omitted: { bot: 2 } }), T, T)
    health.addDuplicates(3, T)
    health.note({ at: T, retries: { warehouse: 2 } })
    health.addInserts({ ...createInsertTimes(), rows: 7 })
    const exact = { events: 5, late: 1, quarantined: { a: 1 }, omitted: { bot: 2 } }
    expect(health.totals()).toMatchObject({ ...exact, duplicates: 0, retries: {}, inserts: { rows: 0 } })
    const text = health.encode()
    const unsaved = { duplicates: 3, retries: { warehouse: 2 }, inserts: { rows: 7 } }
    expect(health.totals()).toMatchObject({ ...exact, ...unsaved })
    health.apply(facts({ events: 2 }), T + 20 * M, T)
    health.addDuplicates(1, T)
    expect(health.totals()).toMatchObject({ events: 7, duplicates: 3 })
    const again = createHealth()
    again.load(text)
    expect(again.totals()).toMatchObject({ ...exact, ...unsaved })
  })

  it('reads what an earlier release saved', () => {
    const health = createHealth()
    const [slots, noted] = JSON.parse(createHealth().encode()) as unknown[]
    health.load(JSON.stringify([slots, noted]))
    expect(health.totals()).toMatchObject({ events: 0 })
    expect(health.arrivals()).toEqual([])
  })
})
