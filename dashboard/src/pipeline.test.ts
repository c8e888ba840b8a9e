import type { LiveHealth, MonitorStatus } from '@millrace/schemas/live'
import { expect, it } from 'vitest'
import { HEALTH, NOW } from './fixtures.ts'
import { judgeHealth, sortMonitors } from './pipeline.ts'

const LAGS = ['live', 'warehouse', 'computed', 'lake', 'closed'].map((stage) => ({
  stage,
  lagMs: 900,
  at: NOW,
}))
const WELL: LiveHealth = {
  ...HEALTH,
  ...{ receivedAt: NOW - 1_000, events: 1_000, stages: LAGS, deadLetters: 0, spilled: 0 },
}
const judge = (more: Partial<LiveHealth>) => judgeHealth({ ...WELL, ...more }, NOW)

it('pipeline of which all is known and nothing is wrong is well, and says how quick it is', () => {
  expect(judge({})).toEqual({ kind: 'well', sentences: ['All is well.'] })
  const latencyMs = { p50: 1_180, p95: 2_000, p99: 3_000 }
  expect(judge({ latencyMs, quarantined: { bot: 4, too_deep: 4 } }).sentences).toEqual([
    'All is well: an event is counted 1.2 s after it arrives, and 0.8% of those of the last 5 minutes were refused.',
  ])
})

it('pipeline of which nothing is known is not well', () => {
  expect(judgeHealth(HEALTH, NOW)).toEqual({
    kind: 'unknown',
    sentences: [
      'Not all is known: nothing was ever received; the lag of the warehouse, the lake, closed windows and sessions and roll-ups; whether there are dead letters; whether batches wait in R2 for the queue.',
    ],
  })
})

it.each([
  [{ deadLetters: null }, 'Not all is known: whether there are dead letters.'],
  [{ stages: LAGS.filter(({ stage }) => stage !== 'lake') }, 'Not all is known: the lag of the lake.'],
  [
    { stages: LAGS.map((stage) => (stage.stage === 'live' ? { ...stage, lagMs: null } : stage)) },
    'Not all is known: the lag of live windows.',
  ],
  [{ receivedAt: NOW - 12.6 * 60_000 }, 'Not all is known: nothing was received for 12 min.'],
])('not all is known of %j', (more, sentence) => {
  expect(judge(more)).toEqual({ kind: 'unknown', sentences: [sentence] })
})

it('trouble of the pipeline is told, the worst first, and then what is not known', () => {
  const verdict = judge({
    ...{ deadLetters: 1, gaps: 3, spilled: 1_000, retries: { warehouse: 4, lake: 0 } },
    stages: [
      { stage: 'live', lagMs: 900, at: 0 },
      { stage: 'warehouse', lagMs: 240_000, at: 0 },
      { stage: 'lake', lagMs: 240_000, at: 0 },
      { stage: 'computed', lagMs: null, at: 0 },
      { stage: 'closed', lagMs: 240_000, at: 0 },
    ],
    latencyMs: { p50: 900, p95: 8_000, p99: 9_000 },
    quarantined: { bot: 250 },
  })
  expect(verdict).toEqual({
    kind: 'bad',
    sentences: [
      '1 message of all sources could not be delivered and waits in dead letters.',
      '3 events of the last day did not arrive.',
      '4 deliveries to the warehouse failed and are tried again.',
      'Warehouse: 4 min behind.',
      'Closed windows: 4 min behind.',
      '20% of the events of the last 5 minutes were refused.',
      '1,000 or more batches of all sources wait in R2 for the queue.',
      'One event in twenty takes 8 s or longer to be counted.',
      'Not all is known: the lag of sessions and roll-ups.',
    ],
  })
})

it('a few refused events of a quiet source are no trouble', () => {
  expect(judge({ events: 3, quarantined: { bot: 3 } }).kind).toBe('well')
})

it('monitors that fire come first, of each state the latest', () => {
  const monitor = (name: string, state: MonitorStatus['state'], since: number): MonitorStatus => ({
    ...{ name, state, since, kind: 'drop', title: name, message: '', keys: [] },
  })
  const sorted = sortMonitors([
    monitor('a', 'ok', 9),
    monitor('b', 'firing', 1),
    monitor('c', 'unknown', 5),
    monitor('d', 'firing', 2),
  ])
  expect(sorted.map(({ name }) => name)).toEqual(['d', 'b', 'c', 'a'])
})
