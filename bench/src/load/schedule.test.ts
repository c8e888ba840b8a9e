import { expect, test } from 'vitest'
import { planFaults } from './schedule.ts'

test.each([1, 2, 15, 60])(
  'faults of %i minutes are in order, inside, and ClickHouse is back before the next',
  (minutes) => {
    const faults = planFaults(minutes)
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['clickhouse', 'deploy', 'crash']))
    faults.forEach(({ atMs, forMs }, index) => {
      expect(atMs + forMs).toBeLessThan(faults[index + 1]?.atMs ?? minutes * 60_000)
    })
  },
)

test('a long soak has two outages of half a minute, a short one has one that is shorter', () => {
  const outages = (minutes: number) => planFaults(minutes).filter(({ kind }) => kind === 'clickhouse')
  expect(outages(15).map(({ forMs }) => forMs)).toEqual([30_000, 30_000])
  expect(outages(2).map(({ forMs }) => forMs)).toEqual([9_600])
})
