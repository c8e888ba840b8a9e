import { expect, test } from 'vitest'
import { RUNS } from './fakes.ts'
import { findRates } from './rates.ts'

test('a burst gives what a request, a batch and an event are', () => {
  const [rates] = findRates(RUNS).rates
  expect(rates).toMatchObject({
    ...{ events: 3, messagesPerRequest: 1, fullMessages: 100, messageBytes: 3_000 },
    perRequest: { requests: 1, queueOperations: 3, cpuMs: 0.3 },
    // Alarms that a batch sets, and rows that an alarm writes, go with the clock.
    full: { requests: 1, queueOperations: 0, classA: 1, objectRequests: 1, rowsWritten: 1, cpuMs: 300 },
    // 13 ms, of which three events take one each.
    single: { requests: 1, classA: 1, cpuMs: 13 },
  })
  // 600 ms of 1,200 events and 1,200 of 12,000.
  expect(rates?.perEvent.cpuMs).toBeCloseTo(600 / 10_800, 10)
})

test('minutes give what goes on anyway, what traffic adds, and what each batch adds', () => {
  const { minutes, rates } = findRates(RUNS)
  // A cron and a heartbeat; 800 ms in two minutes, of which 600 are the idle process.
  expect(minutes.idle).toMatchObject({ requests: 2, classA: 20, classB: 10, objectRequests: 6, cpuMs: 100 })
  // 24 batches of a quiet minute and four of a burst.
  expect(rates[0]?.perBatchLater).toMatchObject({ classA: 1 / 20, classB: 1, requests: 0 })
  expect(minutes.traffic.classA).toBeCloseTo(6 - 24 / 20, 10)
  expect(minutes.traffic.classB).toBe(6)
  // Saves of the busiest minute.
  expect(minutes.traffic.rowsWritten).toBe(37)
  expect(minutes.traffic.objectRequests).toBe(0)
  // Where the line of the cron begins, less its two idle seconds, less the cron of an idle minute.
  expect(minutes.traffic.cpuMs).toBeCloseTo(600 - 600 / 9 - 10 - 100, 10)
})

test('quiet minutes that had no more batches than a burst tell nothing of one', () => {
  const quiet = { ...RUNS.quiet, tally: { ...RUNS.quiet.tally, 'consumer|R2 put': 8 } }
  expect(() => findRates({ ...RUNS, quiet })).toThrow(/too few/)
})
