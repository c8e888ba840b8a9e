import { describe, expect, it } from 'vitest'
import { RUNS } from './fakes.ts'
import { describeCost } from './lines.ts'
import { NAMES } from './names.ts'
import { PRICES } from './prices.ts'

const LOGGED = describeCost(RUNS, { areInvocationsLogged: true })
const UNLOGGED = describeCost(RUNS, { areInvocationsLogged: false })
const SHAPE = NAMES.shape({ events: 3, size: '650 B' })

const find = (results: typeof LOGGED, name: string) => {
  const found = results.find((result) => result.name === name)
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found
}

describe('a million events', () => {
  it('are the sum of their lines, and held against the aim', () => {
    const labels = Object.values(PRICES).map(({ label }) => label)
    const sum = labels.reduce((all, label) => all + find(LOGGED, NAMES.price(SHAPE, label)).value, 0)
    const { value, aim } = find(LOGGED, NAMES.million(SHAPE))
    expect(value).toBeCloseTo(sum, 10)
    expect(aim).toEqual({ atMost: 0.6 })
  })

  it('in full batches of a hundred are priced as by hand', () => {
    const price = (label: string) => find(LOGGED, NAMES.price(SHAPE, label)).value
    // 333,333 requests of three operations, in 3,333 batches.
    expect(price('Queue operations')).toBeCloseTo(0.4, 10)
    expect(price('Worker requests')).toBeCloseTo((333_333.333 + 3_333.333) * 0.3e-6, 8)
    // A file of each batch, and a twentieth of an operation of the cron.
    expect(price('R2 writes and lists')).toBeCloseTo(3_333.333 * (1 + 1 / 20) * 4.5e-6, 8)
    // Each invocation of the Worker and the object.
    expect(price('Workers Logs')).toBeCloseTo((333_333.333 + 2 * 3_333.333) * 0.6e-6, 6)
  })

  it('cost the same with a log of invocations, whatever is set', () => {
    const { value } = find(LOGGED, NAMES.million(SHAPE))
    expect(find(LOGGED, NAMES.withLogs(SHAPE)).value).toBe(value)
    expect(find(UNLOGGED, NAMES.withLogs(SHAPE)).value).toBe(value)
    expect(find(UNLOGGED, NAMES.million(SHAPE)).value).toBeLessThan(value)
  })
})

describe('a month', () => {
  it('of a million events is the subscription, where all is included', () => {
    const month = NAMES.month(1, SHAPE)
    const used = find(LOGGED, `${month}: list price`).value
    expect(used).toBeGreaterThan(5)
    // Of the rest there is more than what is included only in lists of the bucket.
    expect(find(LOGGED, `${month}: bill`).value).toBeGreaterThanOrEqual(5)
    expect(find(LOGGED, `${month}: bill`).value).toBeLessThan(15)
  })

  it('costs less where batches wait longer', () => {
    const month = NAMES.month(100, SHAPE)
    const [usual, patient] = ['', ', a batch waits 5 s'].map(
      (what) => find(LOGGED, `${month}: list price a million${what}`).value,
    )
    expect(patient).toBeLessThan((usual ?? 0) - 0.05)
  })
})

it('others are told of where a price is published, and nowhere else', () => {
  const peers = LOGGED.map(({ name }) => name).filter((name) => name.startsWith('RudderStack'))
  expect(peers).toEqual(['RudderStack Growth: 1 million a month'])
})
