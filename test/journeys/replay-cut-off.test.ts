/** A rebuild that is cut off anywhere is made by the next, and every table is what it was. */

import { describe, expect, it } from 'vitest'
import { DATABASE } from '../../local/src/migrate.ts'
import { expectTables, readTables } from '../support/oracle/compare.ts'
import { envelopesOf } from '../support/oracle/deliveries.ts'
import { historyOf, prepareReplay, sampleOf, watchRequests } from '../support/replay.ts'

/** Every which request a rebuild is cut off at; all of them with many rounds. */
const CUT_STEP = Number(process.env['PROPERTY_RUNS'] ?? 0) > 10 ? 1 : 97

/** Tables after which a swap is cut off; all of them with many rounds. */
const SWAP_CUTS = CUT_STEP === 1 ? Array.from({ length: 14 }, (_, table) => table + 1) : [1, 11]

const given = prepareReplay()
const { fill, readAll, replay, publish } = given

describe('a rebuild', () => {
  it('that is cut off at any request is made by the next', { timeout: 900_000 }, async () => {
    const history = historyOf('shop', 5)
    const [first = [], ...rest] = history
    await fill([[first, rest.flat()]])
    await publish('shop', [first, ...rest.slice(1)])
    const before = await readAll()
    let isCut = true
    for (let cutAt = 1; isCut; cutAt += CUT_STEP) {
      const interruption = new AbortController()
      let requestCount = 0
      const ownFetch = watchRequests({
        after(count) {
          requestCount = count
          if (count === cutAt) interruption.abort()
        },
      })
      const cut = await replay(['--rebuild', '--yes', '--source', 'shop'], {
        fetch: ownFetch,
        signal: interruption.signal,
      })
      // After the last request there is nothing to cut off any more.
      isCut = interruption.signal.aborted && !(cut.code === 0 && requestCount === cutAt)
      expect(cut.code, cut.stderr).toBe(isCut ? 130 : 0)
      if (isCut) {
        const next = await replay(['--rebuild', '--yes', '--source', 'shop'])
        expect(next, `after request ${cutAt}`).toMatchObject({ code: 0 })
      }
      const after = await readAll()
      for (const [table, rows] of Object.entries(before))
        expect(after[table], `${table}, cut off after request ${cutAt}`).toEqual(rows)
    }
  })

  it.each(SWAP_CUTS)(
    'that is cut off after the %d. table is swapped is finished by the next',
    {
      timeout: 120_000,
    },
    async (cutAt) => {
      const [first = [], second = [], third = []] = envelopesOf('shop', sampleOf(8, 20))
      await fill([[first]])
      await publish('shop', [first])
      const interruption = new AbortController()
      let [swapped, isSwap] = [0, false]
      const ownFetch = watchRequests({
        before: async (_, body) => {
          isSwap = body.startsWith(`EXCHANGE TABLES ${DATABASE}.`)
          // Between the last copy and the swap, and between the tables.
          if (isSwap && swapped++ === cutAt - 1) await given.warehouse.write(second)
        },
        after: () => isSwap && swapped === cutAt && interruption.abort(),
      })
      const args = ['--rebuild', '--yes', '--source', 'shop']
      const cut = await replay(args, { fetch: ownFetch, signal: interruption.signal })
      expect(cut.code).toBe(130)
      await given.warehouse.write(third)
      const drop = await replay(['--drop-old', '--yes'])
      expect(drop.stderr).toContain('was cut off while it swapped the tables: run millrace replay --rebuild')
      const next = await replay(args)
      expect(next).toMatchObject({ code: 0 })
      expect(next.stderr).toContain('it is finished now')
      await given.warehouse.recompute()
      const all = [...first, ...second, ...third]
      expect(await readTables(given.warehouse, 'shop')).toEqual(expectTables(all, 'shop'))
    },
  )
})
