/** The computed tables equal what a plain definition says, however the events came. */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectTables, readTables } from '../support/oracle/compare.ts'
import { delivered, envelopesOf } from '../support/oracle/deliveries.ts'
import { CutOff, startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

/** Rounds of each law; more by hand: `PROPERTY_RUNS=100 npx vitest run --project plain test/properties`. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 4)

/** Every which statement a run is cut off at; all of them with many rounds. */
const CUT_STEP = RUNS > 10 ? 1 : 9

const sources = [
  'days',
  'seconds',
  ...Array.from({ length: 100 }, (_, index) => [`p${index}`, `cut${index}`]).flat(),
]
const measures = sources.map((source) => ({
  source,
  measures: [{ name: 'revenue', path: 'properties.revenue' }],
}))

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await startWarehouse(measures)
}, 60_000)
afterAll(() => warehouse.stop())

it('tables equal the definition after duplicates, late events and moved times', {
  timeout: 600_000,
}, async () => {
  let number = 0
  await fc.assert(
    fc.asyncProperty(fc.array(delivered, { minLength: 1, maxLength: 40 }), async (items) => {
      const source = `p${number++}`
      const deliveries = envelopesOf(source, items)
      for (const envelopes of deliveries) {
        if (envelopes.length === 0) continue
        await warehouse.write(envelopes)
        await warehouse.recompute()
      }
      expect(await readTables(warehouse, source)).toEqual(expectTables(deliveries.flat(), source))
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
})

it('a run that is cut off at any statement is finished by the next', { timeout: 900_000 }, async () => {
  const sample = (seed: number) =>
    fc.sample(fc.array(delivered, { minLength: 30, maxLength: 30 }), { seed, numRuns: 1 })[0] ?? []
  for (let failAt = 1, isCut = true; isCut; failAt += CUT_STEP) {
    const source = `cut${failAt}`
    const [first = [], second = [], third = []] = envelopesOf(source, sample(failAt))
    await warehouse.write(first)
    await warehouse.recompute()
    await warehouse.write([...second, ...third])
    isCut = await warehouse.recompute({ failAt }).then(
      () => false,
      (error: unknown) => {
        if (error instanceof CutOff) return true
        throw error
      },
    )
    await warehouse.recompute()
    expect(await readTables(warehouse, source), `cut off at statement ${failAt}`).toEqual(
      expectTables([...first, ...second, ...third], source),
    )
  }
})

/** Leaves the events as if these had been the times of their inserts, and nothing had been computed since. */
async function insertAgain(source: string, insertedAt: string): Promise<void> {
  await warehouse.run('DROP TABLE IF EXISTS inserted')
  await warehouse.run('CREATE TABLE inserted AS events')
  await warehouse.run(
    `INSERT INTO inserted SELECT * REPLACE (${insertedAt} AS inserted_at) FROM events WHERE source = {source:String}`,
    { source },
  )
  for (const table of ['events', 'recompute_state', 'recompute_work'])
    await warehouse.run(`TRUNCATE TABLE ${table}`)
  await warehouse.run('INSERT INTO events SELECT * FROM inserted')
}

describe('a backlog', () => {
  const items =
    fc.sample(fc.array(delivered, { minLength: 120, maxLength: 120 }), { seed: 7, numRuns: 1 })[0] ?? []

  it.each([
    ['of days is worked off piece by piece', 'days', 'original_timestamp', 0],
    [
      'of seconds goes on, though each run looks at all of it again',
      'seconds',
      'now64(3) - toIntervalSecond(toUInt8(substring(message_id, length(message_id))) % 10)',
      120,
    ],
  ])('%s', { timeout: 300_000 }, async (_, source, insertedAt, overlapSeconds) => {
    const envelopes = envelopesOf(source, items).flat()
    await warehouse.write(envelopes)
    await insertAgain(source, insertedAt)
    let runs = 0
    for (let isBehind = true; isBehind && runs < 20; runs++) {
      ;({ isBehind } = await warehouse.recompute({ maxEvents: 40, overlapSeconds }))
    }
    expect(runs).toBeGreaterThan(2)
    expect(runs).toBeLessThan(20)
    expect(await readTables(warehouse, source)).toEqual(expectTables(envelopes, source))
  })
})
