/** A few seeds on every change; `npm run bench -- faults` runs thousands. */

import { beforeAll, describe, expect, it } from 'vitest'
import { describeFailure } from './describe-failure.ts'
import { runSeed } from './run-seed.ts'
import type { ObjectClass } from './world/durable-object.ts'
import { loadAggregator } from './world/load-aggregator.ts'
import { findThreads } from './world/watch-threads.ts'

/** `FAULT_SEEDS=40` runs more. */
const SEEDS = Number(process.env['FAULT_SEEDS'] ?? 4)

const EVENTS = 200

let aggregator: ObjectClass
beforeAll(async () => {
  aggregator = await loadAggregator()
})

describe('a world with faults', () => {
  it.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
    'loses nothing, counts nothing twice and explains everything under seed %d',
    async (seed) => {
      const result = await runSeed({ seed, events: EVENTS, aggregator })
      if (result.problems.length > 0) throw new Error(describeFailure(result, EVENTS))
      const { lost, doubled, falseGaps, received, explained } = result
      expect({ lost, doubled, falseGaps, unexplained: received - explained }).toEqual({
        ...{ lost: 0, doubled: 0, falseGaps: 0, unexplained: 0 },
      })
      expect(result.acknowledged).toBeGreaterThan(EVENTS / 2)
    },
    120_000,
  )

  it('happens in the same way whenever it has the same seed', async () => {
    const first = await runSeed({ seed: 3, events: 150, aggregator, traceLines: 100_000 })
    const second = await runSeed({ seed: 3, events: 150, aggregator, traceLines: 100_000 })
    expect(second.trace.join('\n')).toBe(first.trace.join('\n'))
    expect(second.traceHash).toBe(first.traceHash)
    const other = await runSeed({ seed: 4, events: 150, aggregator })
    expect(other.traceHash).not.toBe(first.traceHash)
  }, 120_000)

  it('waits for no thread of the machine, which would decide an order', async () => {
    // What is loaded at its first use is loaded.
    for (const seed of [1, 2, 3, 4]) await runSeed({ seed, events: 60, aggregator })
    for (const seed of [1, 2, 3, 4])
      expect(await findThreads(() => runSeed({ seed, events: 60, aggregator }))).toEqual([])
  }, 120_000)
})
