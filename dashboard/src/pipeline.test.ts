import type { MonitorStatus } from '@millrace/schemas/live'
import { expect, it } from 'vitest'
import { HEALTH } from './fixtures.ts'
import { judgeHealth, sortMonitors } from './pipeline.ts'

it('pipeline without trouble is well, and says how quick it is', () => {
  expect(judgeHealth(HEALTH)).toEqual({ isWell: true, sentences: ['All is well.'] })
  const latencyMs = { p50: 1_180, p95: 2_000, p99: 3_000 }
  expect(judgeHealth({ ...HEALTH, latencyMs, deadLetters: 0, gaps: 0 }).sentences).toEqual([
    'All is well: an event is counted 1.2 s after it arrives.',
  ])
})

it('trouble of the pipeline is told, the worst first', () => {
  const verdict = judgeHealth({
    ...HEALTH,
    ...{ deadLetters: 1, gaps: 3, spilled: 2, retries: { warehouse: 4, lake: 0 } },
    stages: [
      { stage: 'warehouse', lagMs: 240_000, at: 0 },
      { stage: 'lake', lagMs: 240_000, at: 0 },
      { stage: 'computed', lagMs: null, at: 0 },
    ],
    latencyMs: { p50: 900, p95: 8_000, p99: 9_000 },
  })
  expect(verdict).toEqual({
    isWell: false,
    sentences: [
      '1 message could not be delivered and waits in dead letters.',
      '3 events of the last day did not arrive.',
      '4 deliveries to the warehouse failed and are tried again.',
      'Warehouse: 4 min behind.',
      '2 batches wait in R2 for the queue.',
      'One event in twenty takes 8 s or longer to be counted.',
    ],
  })
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
