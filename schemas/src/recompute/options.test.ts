import { describe, expect, it } from 'vitest'
import { defineConfig } from '../config.ts'
import { readRecomputeOptions } from './options.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const revenue = { name: 'revenue', path: 'properties.revenue' }

describe('readRecomputeOptions', () => {
  it('has the measures of all sources, also of that of development', () => {
    const config = defineConfig({
      sources: [{ name: 'shop', writeKeys: ['wk'], measures: [revenue] }],
      development: { measures: [revenue] },
    })
    expect(readRecomputeOptions(config, NOW)).toEqual({
      cluster: undefined,
      measures: [
        { source: 'shop', measures: [revenue] },
        { source: 'dev', measures: [revenue] },
      ],
      horizons: new Map(),
    })
  })

  it('keeps a day of distance from where events begin to go', () => {
    const config = defineConfig({
      sources: [{ name: 'shop', writeKeys: ['wk'], retention: { eventsDays: 10 } }],
      warehouse: { cluster: 'main' },
    })
    const { horizons, cluster } = readRecomputeOptions(config, NOW)
    expect([...horizons]).toEqual([['shop', '2026-11-13 12:00:00.000']])
    expect(cluster).toBe('main')
  })
})
