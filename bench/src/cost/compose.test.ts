import { describe, expect, it } from 'vitest'
import {
  batchOf,
  composeMonth,
  MONTH_MINUTES,
  marginalMillion,
  messagesPerBatch,
  type Rates,
  withInvocationLogs,
} from './compose.ts'
import { usageOf } from './usage.ts'

const RATES: Rates = {
  ...{ events: 10, messagesPerRequest: 1, fullMessages: 100 },
  perRequest: usageOf({ requests: 1, queueOperations: 3 }),
  single: usageOf({ requests: 1, classA: 1, cpuMs: 10 }),
  full: usageOf({ requests: 1, classA: 3, cpuMs: 109 }),
  perBatchLater: usageOf({ classB: 1 }),
  perEvent: usageOf({ lakeStoredGb: 40e-9 }),
}

const MINUTES = { idle: usageOf({ requests: 1 }), traffic: usageOf({ classA: 2 }) }

describe('a batch', () => {
  it('is filled by what comes within the wait, and no fuller than it may be', () => {
    expect(messagesPerBatch(0, 100, 1)).toBe(1)
    expect(messagesPerBatch(12.5, 100, 1)).toBe(13.5)
    expect(messagesPerBatch(12.5, 100, 4)).toBe(51)
    expect(messagesPerBatch(500, 100, 1)).toBe(100)
  })

  it('between one message and a full one is on the line', () => {
    expect(batchOf(RATES, 1)).toMatchObject({ classA: 1, cpuMs: 10 })
    expect(batchOf(RATES, 34).classA).toBeCloseTo(1 + (2 * 33) / 99, 10)
    expect(batchOf(RATES, 34).cpuMs).toBeCloseTo(43, 10)
    expect(batchOf(RATES, 100)).toMatchObject({ classA: 3, cpuMs: 109 })
  })
})

it('a million events in full batches are so many requests and batches', () => {
  // 100,000 requests in 1,000 batches.
  expect(marginalMillion(RATES)).toMatchObject({
    ...{ requests: 101_000, queueOperations: 300_000, classA: 3_000, classB: 1_000, cpuMs: 109_000 },
  })
  expect(marginalMillion(RATES).lakeStoredGb).toBeCloseTo(0.04, 10)
})

describe('a month', () => {
  it('has what goes on anyway, and what comes with traffic', () => {
    expect(composeMonth(RATES, MINUTES, 0).usage).toEqual(usageOf({ requests: MONTH_MINUTES }))
    // 25,920,000 events are a request a second: batches of two.
    const month = composeMonth(RATES, MINUTES, 25_920_000)
    expect(month).toMatchObject({ requests: 2_592_000, messagesPerBatch: 2, batches: 1_296_000 })
    expect(month.usage.queueOperations).toBe(3 * 2_592_000)
    expect(month.usage.requests).toBeCloseTo(MONTH_MINUTES + 2_592_000 + 1_296_000, 3)
    expect(composeMonth(RATES, MINUTES, 25_920_000, 5).batches).toBe(432_000)
    expect(month.usage.classA).toBeCloseTo(2 * MONTH_MINUTES + 1_296_000 * (1 + 2 / 99), 3)
  })

  it('of few requests has minutes with nothing to publish', () => {
    // One request in two minutes: a minute has one in 39 of 100.
    const { usage } = composeMonth({ ...RATES, single: usageOf(), full: usageOf() }, MINUTES, 216_000)
    expect(usage.classA / (2 * MONTH_MINUTES)).toBeCloseTo(0.3935, 4)
  })
})

it('invocations are lines of the log only where they are kept', () => {
  const usage = usageOf({ requests: 5, objectRequests: 3, logEvents: 1 })
  expect(withInvocationLogs(usage, true).logEvents).toBe(9)
  expect(withInvocationLogs(usage, false).logEvents).toBe(1)
})
