/** Runs with round numbers, for tests. */

import type { Runs } from './all-runs.ts'

const CLOCK = { 'cron|invocations': 2, 'object alarm|requests': 12, 'object alarm|alarms set': 12 }

/** Two minutes each: of one batch a minute that is a heartbeat, of 25 and of 61. */
const steady = (batches: number, classA: number, classB: number, rows: number) => ({
  ...{ minutes: 2, requests: batches, cpuMs: 800 },
  tally: {
    ...{ ...CLOCK, 'consumer|invocations': 2 * batches, 'consumer|R2 put': 2 * batches },
    ...{ 'cron|class A': 2 * classA, 'cron|class B': 2 * classB, 'object alarm|rows written': 2 * rows },
    'consumer|messages read': 2 * batches,
  },
})

/** Four batches of a hundred messages, of three events each. */
const BURST = {
  ...{ requests: 400, bodyBytes: 0, consumerMs: 1_200, cronMs: 600, lakeBytesPerEvent: 40 },
  shape: { events: 3, size: '650 B' as const },
  cron: { 'cron|invocations': 1, 'cron|class A': 25, 'cron|class B': 20 },
  tally: {
    ...{ 'collector|invocations': 400, 'collector|queue operations': 400, 'collector|messages written': 400 },
    ...{ 'collector|message bytes': 1_200_000, 'consumer|invocations': 4, 'consumer|queue operations': 800 },
    ...{ 'consumer|messages read': 400, 'consumer|class A': 4, 'consumer|R2 put': 4 },
    'object apply|requests': 4,
    ...{ 'object apply|rows written': 4, 'object apply|alarms set': 1, 'object alarm|rows written': 30 },
  },
}

/** The same of ten times as many events, whose cron takes twice as long. */
const LARGE = { ...BURST, cronMs: 1_200, shape: { events: 30, size: '650 B' as const } }

/** Three steady runs, two singles and a burst. */
export const RUNS: Runs = {
  idleMsPerSecond: 5,
  ...{ idle: steady(1, 20, 10, 5), quiet: steady(25, 26, 40, 30), busy: steady(61, 29, 76, 42) },
  singles: {
    ...{ requests: 2, bodyBytes: 0, consumerMs: 26 },
    tally: { 'consumer|invocations': 2, 'consumer|class A': 2, 'object apply|requests': 2 },
  },
  bursts: [BURST, LARGE],
  collectorMs: [0.3, 1],
  storedBytes: 0,
}
