/** What the command line asks of the simulator, and where a run goes on. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseFaultOptions } from './options.ts'
import { emptyTotals, readProgress, writeProgress } from './progress.ts'

it('ten million events are a thousand seeds', () => {
  expect(parseFaultOptions({ events: '10000000' })).toMatchObject({ seeds: 1_000, eventsASeed: 10_000 })
})

it('seeds of another size are as many as the events need', () => {
  expect(parseFaultOptions({ events: '400000', 'events-a-seed': '800' })).toMatchObject({
    ...{ seeds: 500, eventsASeed: 800 },
  })
})

it('a number that is none is refused by its name', () => {
  expect(() => parseFaultOptions({ seeds: 'many' })).toThrow('--seeds must be a number over 0, got many')
})

it('a run goes on where the one before ended, unless its seeds are of another size', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'))
  const file = join(folder, 'progress.json')
  writeProgress(file, { ...emptyTotals(500), done: [7, 6], seeds: 7, events: 3_500 })
  expect(readProgress(file, 500)).toMatchObject({ seeds: 7, events: 3_500 })
  expect(readProgress(file, 600).seeds).toBe(0)
  rmSync(folder, { recursive: true })
})
