import { describe, expect, it } from 'vitest'
import type { HealthNote } from './health.ts'
import { type HealthJobEffects, reportHealth } from './health-job.ts'

const NOW = 1_700_000_400_000

function start(more: Partial<HealthJobEffects> = {}, keys: readonly string[] = []) {
  const notes: Record<string, HealthNote> = {}
  const logged: Record<string, unknown>[] = []
  const effects: HealthJobEffects = {
    read: (async (query: string) =>
      query.includes('freshness') ? [{ lag: '1500' }] : [{ source: 'a', at: String(NOW - 5) }]) as never,
    bucket: {
      list: (async ({ prefix = '' }: { prefix?: string }) => ({
        objects: keys
          .filter((key) => key.startsWith(prefix))
          .map((key) => ({ key, uploaded: new Date(NOW), size: 1 })),
        truncated: false,
        delimitedPrefixes: [],
      })) as never,
    },
    objectOf: (source) => ({
      async note(note: HealthNote) {
        notes[source] = note
        return { receipts: [], liveLagMs: null }
      },
    }),
    now: () => NOW,
    log: (record) => void logged.push(record),
    ...more,
  }
  return { effects, notes, logged }
}

const lagOf = (note: HealthNote | undefined, stage: string) =>
  note?.stages?.find((one) => one.stage === stage)

describe('health job', () => {
  it('tells each source what was found out', async () => {
    const { effects, notes } = start({}, ['dead/1', 'dead/2', 'spill/1'])
    await reportHealth(effects, ['a', 'b'])
    expect(lagOf(notes['a'], 'warehouse')).toEqual({ stage: 'warehouse', upTo: NOW - 5 })
    expect(lagOf(notes['b'], 'warehouse')).toEqual({ stage: 'warehouse', upTo: null })
    expect(lagOf(notes['b'], 'computed')).toEqual({ stage: 'computed', lagMs: 1_500 })
    expect(notes['a']).toMatchObject({ at: NOW, deadLetters: 2, spilled: 1 })
  })

  it('tells as unknown what could not be found out, and never rejects', async () => {
    const fail = () => Promise.reject(new Error('away'))
    const { effects, notes, logged } = start({ read: fail as never, bucket: { list: fail as never } })
    await reportHealth(effects, ['a'])
    expect(notes['a']).toMatchObject({ deadLetters: null, spilled: null, gaps: null })
    for (const stage of ['warehouse', 'computed', 'lake'])
      expect(lagOf(notes['a'], stage)).toEqual({ stage, lagMs: null })
    expect(logged.length).toBeGreaterThanOrEqual(4)
  })

  it('counts no more than a thousand objects', async () => {
    const { effects, notes } = start(
      {},
      Array.from({ length: 1_200 }, (_, i) => `dead/${i}`),
    )
    await reportHealth(effects, ['a'])
    expect(notes['a']?.deadLetters).toBe(1_000)
  })

  it('tells the others when an object does not listen', async () => {
    const { effects, notes, logged } = start()
    const objectOf: HealthJobEffects['objectOf'] = (source) =>
      source === 'a' ? { note: () => Promise.reject(new Error('overloaded')) } : effects.objectOf(source)
    await reportHealth({ ...effects, objectOf }, ['a', 'b'])
    expect(Object.keys(notes)).toEqual(['b'])
    expect(logged).toMatchObject([{ event: 'live_not_told', source: 'a' }])
  })

  it('tells for how long heartbeats have not been in time, where there is a heartbeat', async () => {
    const { effects, notes } = start({ heartbeatLag: async () => 240_000 })
    await reportHealth(effects, ['a'])
    expect(lagOf(notes['a'], 'heartbeat')).toEqual({ stage: 'heartbeat', lagMs: 240_000 })
    const broken = start({ heartbeatLag: () => Promise.reject(new Error('away')) })
    await reportHealth(broken.effects, ['a'])
    expect(lagOf(broken.notes['a'], 'heartbeat')).toEqual({ stage: 'heartbeat', lagMs: null })
    const none = start()
    await reportHealth(none.effects, ['a'])
    expect(lagOf(none.notes['a'], 'heartbeat')).toBe(undefined)
  })

  it('has nothing to do without sources', async () => {
    const { effects, notes } = start()
    await reportHealth(effects, [])
    expect(notes).toEqual({})
  })
})
