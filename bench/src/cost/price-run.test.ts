import { describe, expect, it } from 'vitest'
import { priceMonth, priceRun } from './price-run.ts'
import { PRICES } from './prices.ts'
import { usageOf } from './usage.ts'

/** By hand: 0.60 + 0.04 + 0.48 + 0.015 + 1.25 + 0.001 + 3.00 + 0.40 + 9.00 + 0.72 + 0.45 + 1.20. */
const USAGE = usageOf({
  ...{ requests: 2e6, cpuMs: 2e6, queueOperations: 1.2e6, objectRequests: 100_000, objectGbSeconds: 100_000 },
  ...{ rowsRead: 1e6, rowsWritten: 3e6, objectStoredGb: 2, classA: 2e6, classB: 2e6, lakeStoredGb: 30 },
  ...{ logEvents: 2e6 },
})

const dollarsOf = (key: string, bill: ReturnType<typeof priceRun>) =>
  bill.items.find((item) => item.key === key)?.dollars

describe('list price of a usage', () => {
  it('is each amount times its price', () => {
    expect(priceRun(USAGE, PRICES).dollars).toBeCloseTo(17.156, 10)
  })

  it('of a million messages of one piece is three operations each, as the page of Queues has it', () => {
    expect(priceRun(usageOf({ queueOperations: 3e6 }), PRICES).dollars).toBeCloseTo(1.2, 10)
  })

  it('names what each line is of', () => {
    const bill = priceRun(usageOf({ classA: 500_000 }), PRICES)
    expect(bill.items.filter(({ dollars }) => dollars > 0)).toEqual([
      { key: 'classA', amount: 500_000, dollars: 2.25 },
    ])
  })
})

describe('bill of a month', () => {
  it('has nothing of what is included, to the last unit', () => {
    const included = usageOf({
      ...{ requests: 10e6, cpuMs: 30e6, queueOperations: 1e6, objectRequests: 1e6, objectGbSeconds: 400_000 },
      ...{
        rowsRead: 25e9,
        rowsWritten: 50e6,
        objectStoredGb: 5,
        classA: 1e6,
        classB: 10e6,
        lakeStoredGb: 10,
      },
      ...{ logEvents: 20e6 },
    })
    expect(priceMonth(included, PRICES).dollars).toBe(0)
  })

  it('is the first and fourth example of the page of Workers', () => {
    const first = priceMonth(usageOf({ requests: 15e6, cpuMs: 7 * 15e6 }), PRICES)
    expect(first.dollars).toBeCloseTo(3, 10)
    const fourth = priceMonth(usageOf({ requests: 100e6, cpuMs: 7 * 100e6 }), PRICES)
    expect(fourth.dollars).toBeCloseTo(40.4, 10)
  })

  it('rounds R2 up to whole millions and gigabytes, and nothing else', () => {
    const bill = priceMonth(
      usageOf({ classA: 1_000_001, classB: 11_000_001, lakeStoredGb: 10.1, queueOperations: 1_500_000 }),
      PRICES,
    )
    expect(dollarsOf('classA', bill)).toBe(4.5)
    expect(dollarsOf('classB', bill)).toBe(0.72)
    expect(dollarsOf('lakeStoredGb', bill)).toBe(0.015)
    expect(dollarsOf('queueOperations', bill)).toBeCloseTo(0.2, 10)
  })
})
