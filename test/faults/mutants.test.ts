/** Each guarantee, broken on purpose, is seen: a check that cannot fail would prove nothing. */

import { beforeAll, describe, expect, it } from 'vitest'
import { MUTANTS } from './mutants.ts'
import { runSeed } from './run-seed.ts'
import type { ObjectClass } from './world/durable-object.ts'
import { loadAggregator } from './world/load-aggregator.ts'

/** Events of the seeds that catch mutants. */
const EVENTS = 150

let aggregator: ObjectClass
beforeAll(async () => {
  aggregator = await loadAggregator()
})

describe('a mutant', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'is caught: %s',
    async (_, { seams, seeds }) => {
      expect(seeds.length).toBeGreaterThan(0)
      for (const seed of seeds) {
        const { problems } = await runSeed({ seed, events: EVENTS, aggregator, seams })
        expect(problems, `seed ${seed}`).not.toEqual([])
      }
    },
    120_000,
  )

  it('is the only reason: without one their seeds have no problem', async () => {
    for (const seed of new Set(MUTANTS.flatMap(({ seeds }) => seeds))) {
      const { problems } = await runSeed({ seed, events: EVENTS, aggregator })
      expect(problems, `seed ${seed}`).toEqual([])
    }
  }, 120_000)
})
