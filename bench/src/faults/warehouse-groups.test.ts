/** Which seeds go to the real ClickHouse, and whose a problem is. */

import { expect, it } from 'vitest'
import type { SeedRows } from '../../../test/faults/warehouse/seed-rows.ts'
import { chooseEvery, createWarehouseGroups } from './warehouse-groups.ts'

function rowsOf(seed: number, events = 10): SeedRows {
  const rows = Array.from({ length: events }, () => ({}))
  return {
    ...{ seed, sources: ['shop'], rows: () => rows, acknowledged: new Map(), dead: new Map() },
    hasDeadLetters: false,
  }
}

function createGroups(checkMs: number, problems: string[] = []) {
  let time = 0
  const started: string[] = []
  const groups = createWarehouseGroups({
    async start() {
      started.push('start')
      return { stop: async () => void started.push('stop') } as never
    },
    async check(_, seeds) {
      time += checkMs * seeds.length
      return { events: seeds.length, rows: 300_001, problems }
    },
    now: () => time,
  })
  return { groups, started }
}

it('every seed goes there as long as that takes half of their time at most', () => {
  expect(chooseEvery({ seedsMs: 1_000, seeds: 10, checksMs: 500, checked: 10 })).toBe(1)
  expect(chooseEvery({ seedsMs: 1_000, seeds: 10, checksMs: 501, checked: 10 })).toBe(2)
  expect(chooseEvery({ seedsMs: 1_000, seeds: 10, checksMs: 5_000, checked: 10 })).toBe(10)
})

it('a group is checked when it is full, the last one in the end, and where that is dear only some seeds go', async () => {
  const { groups } = createGroups(150)
  const wanted: number[] = []
  const checked: number[] = []
  for (let seed = 1; seed <= 40; seed++) {
    if (groups.wantsNext()) {
      wanted.push(seed)
      const found = await groups.add(rowsOf(seed))
      if (found !== undefined) checked.push(found.seeds, found.every)
    }
    groups.noteSeed(100)
  }
  expect(wanted).toEqual([...Array.from({ length: 24 }, (_, index) => index + 1), 27, 30, 33, 36, 39])
  expect(checked).toEqual([24, 3])
  expect(await groups.end()).toMatchObject({ seeds: 5, failed: [] })
})

it('a warehouse that holds much is replaced', async () => {
  const { groups, started } = createGroups(1)
  for (const seed of [1, 2, 3]) await groups.add(rowsOf(seed, 60_000))
  await groups.end()
  expect(started).toEqual(['start', 'stop', 'start', 'stop'])
})

it('a problem is of the seed that it names, else of all', async () => {
  const { groups } = createGroups(1, ['s7-shop: rollup_minute has 1 rows too many'])
  await groups.add(rowsOf(6))
  await groups.add(rowsOf(7))
  expect(await groups.end()).toMatchObject({ failed: [7], failure: expect.stringContaining('s7-shop') })
  const other = createGroups(1, ['the server is gone'])
  await other.groups.add(rowsOf(6))
  await other.groups.add(rowsOf(7))
  expect((await other.groups.end())?.failed).toEqual([6, 7])
})
