import { expect, test } from 'vitest'
import type { Phase, Sample } from './sampler.ts'
import { costOf, memoryOf, rateOf } from './summary.ts'

/** A second of a run whose Worker takes 0.1 s of processor time for 1,000 events. */
function look(second: number, phase: Phase, pid: number, memoryMiB: number): Sample {
  const usage = { cpuSeconds: second * 0.1, memoryMiB, peakMiB: memoryMiB + 5, pids: [pid] }
  return {
    at: second * 1_000,
    phase,
    sent: second * 1_000,
    acked: second * 1_000,
    usage: { worker: usage },
    answerTimes: {},
  }
}

test('cost is that of the quiet, and never over a restart', () => {
  const samples = [
    ...Array.from({ length: 10 }, (_, i) => look(i, 'quiet', 1, 100)),
    ...Array.from({ length: 10 }, (_, i) => look(10 + i, 'disturbed', 1, 100)),
    ...Array.from({ length: 10 }, (_, i) => look(20 + i, 'quiet', i < 5 ? 1 : 2, 100)),
  ]
  const { cpuSeconds, events } = costOf(samples, 'worker')
  expect(events).toBe(17_000)
  expect(cpuSeconds * 1e6).toBeCloseTo(100)
  expect(rateOf(samples, ({ phase }) => phase === 'disturbed')).toBe(1_000)
})

test('growth is that of the longest life, without its beginning', () => {
  const samples = [
    ...Array.from({ length: 100 }, (_, i) => look(i, 'quiet', 1, 900 + i)),
    // Grows to its size in a minute, then by 6 MiB a minute.
    ...Array.from({ length: 400 }, (_, i) =>
      look(100 + i, 'quiet', 2, i < 60 ? i * 10 : 600 + (i - 60) / 10),
    ),
  ]
  const { peakMiB, growthMiB, fittedSeconds } = memoryOf(samples, 'worker')
  expect(peakMiB).toBe(1_004)
  expect(growthMiB).toBeCloseTo(6)
  expect(fittedSeconds).toBe(339)
})

test('a process that was never seen has no memory', () => {
  expect(memoryOf([], 'clickhouse')).toEqual({ peakMiB: 0, growthMiB: 0, fittedSeconds: 0 })
})
