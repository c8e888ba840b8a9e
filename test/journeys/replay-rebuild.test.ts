/** ClickHouse is lost, and made again from the lake: every table is what it was, whatever comes meanwhile. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Envelope } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { DATABASE } from '../../local/src/migrate.ts'
import { expectTables, readTables } from '../support/oracle/compare.ts'
import { envelopesOf } from '../support/oracle/deliveries.ts'
import {
  envelopeOf,
  historyOf,
  MEASURE,
  prepareReplay,
  SHADOW,
  SOURCES,
  sampleOf,
  time,
  watchRequests,
} from '../support/replay.ts'

const given = prepareReplay()
const { fill, readAll, replay, ask, publish, ids } = given

describe('a rebuild', () => {
  it('of nothing but the lake makes every table what it was', { timeout: 180_000 }, async () => {
    const histories = [historyOf('shop', 1), historyOf('blog', 2)]
    await fill(histories)
    const before = await readAll()
    for (const [index, source] of SOURCES.entries()) await publish(source, histories[index] ?? [])
    await ask(`DROP DATABASE ${DATABASE} SYNC`)
    const outcome = await replay(['--rebuild', '--yes'])
    expect(outcome).toMatchObject({ code: 0 })
    expect(outcome.stderr).toContain('there are no tables in millrace: making them')
    expect(outcome.stdout).toMatch(/134 rows of \d+ files loaded into millrace_shadow\n/)
    const after = await readAll()
    for (const [table, rows] of Object.entries(before)) expect(after[table], table).toEqual(rows)
    expect(before['corrected_events']?.length).toBeGreaterThan(5)
    expect(before['sessions']?.length).toBeGreaterThan(5)

    // And once more, over the tables of the first.
    await ask(`DROP DATABASE ${DATABASE} SYNC`)
    expect(await replay(['--rebuild', '--yes', '--drop-old'])).toMatchObject({ code: 0 })
    expect(await readAll()).toEqual(after)
    expect(await given.warehouse.query(`SELECT 1 FROM system.databases WHERE name = '${SHADOW}'`)).toEqual([])
  })

  it('loses nothing that is inserted meanwhile, and what follows goes on', { timeout: 180_000 }, async () => {
    const [first = [], second = [], third = []] = envelopesOf('shop', sampleOf(3, 60))
    const other = envelopesOf('blog', sampleOf(4, 20)).flat()
    await fill([[first, other]])
    await publish('shop', [first])
    const waiting = [...second]
    const written: Envelope[] = []
    const write = async () => {
      const envelope = waiting.shift()
      if (envelope === undefined) return
      written.push(envelope)
      await given.warehouse.write([envelope])
      if (written.length % 5 === 0) await given.warehouse.recompute()
    }
    const ownFetch = watchRequests({
      before: async (count, body) => {
        // Some are kept for the time of the swap itself.
        const isSwap = body.startsWith(`EXCHANGE TABLES ${DATABASE}.`)
        if (isSwap || (count % 16 === 0 && waiting.length > 14)) await write()
      },
    })
    const outcome = await replay(['--rebuild', '--yes', '--source', 'shop'], { fetch: ownFetch })
    expect(outcome).toMatchObject({ code: 0 })
    expect(outcome.stdout).toContain('of blog copied from what was live')
    expect(written.length).toBeGreaterThan(20)
    await given.warehouse.recompute()
    expect(await readTables(given.warehouse, 'shop')).toEqual(expectTables([...first, ...written], 'shop'))
    expect(await readTables(given.warehouse, 'blog')).toEqual(expectTables(other, 'blog'))

    // The views that fill other tables go on in what is live now.
    await fill([[waiting, third]])
    const all = [...first, ...second, ...third]
    expect(await readTables(given.warehouse, 'shop')).toEqual(expectTables(all, 'shop'))
  })

  it('asks before it changes anything, and tells how the lake and live differ', {
    timeout: 120_000,
  }, async () => {
    const [first = [], second = []] = envelopesOf('shop', sampleOf(6, 20))
    await fill([[first]])
    await publish('shop', [first.slice(2), second])
    const before = await readAll()
    const outcome = await replay(['--rebuild', '--source', 'shop'])
    expect(outcome).toMatchObject({ code: 1 })
    expect(outcome.stderr).toContain('nobody can be asked here: --yes allows it')
    expect(outcome.stdout).toMatch(
      /source shop: \d+ events in live, \d+ from the lake; \d+ hours? with a difference/,
    )
    expect(outcome.stdout).toMatch(/ only in live, received 2026-\S+ \S+ – 2026-/)
    expect(outcome.stdout).toMatch(/ only in the lake: /)
    expect(outcome.stdout).toMatch(/millrace is as it was\n$/)
    expect(await readAll()).toEqual(before)
  })

  it('leaves behind what the lake has not, when that is wanted', { timeout: 120_000 }, async () => {
    await given.warehouse.write([
      envelopeOf('shop', [{ messageId: 'kept' }, { messageId: 'gone' }], time(40)),
      envelopeOf('shop', [{ messageId: 'on-its-way' }], Date.now() - 60_000),
      envelopeOf('blog', [{ messageId: 'of-another' }], time(40)),
    ])
    await publish('shop', [[envelopeOf('shop', [{ messageId: 'kept' }], time(40))]])
    const outcome = await replay(['--rebuild', '--yes', '--discard-missing', '--source', 'shop'])
    expect(outcome).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['kept', 'of-another', 'on-its-way'])
  })

  it('keeps counts of events that are past their time', { timeout: 120_000 }, async () => {
    const old = envelopeOf('shop', [{ messageId: 'old', userId: 'u', anonymousId: 'a' }], time(40))
    await given.warehouse.write([old])
    await given.warehouse.recompute()
    await given.warehouse.run("DELETE FROM events WHERE message_id = 'old'")
    const [before, publishedAt] = [await readAll(), Date.now() - 3_600_000]
    const young = envelopeOf('shop', [{ messageId: 'young', timestamp: publishedAt }], publishedAt)
    await publish('shop', [[young]])
    const sources = [{ name: 'shop', writeKeys: ['k'], retention: { eventsDays: 1 }, measures: [MEASURE] }]
    const ownConfig = join(given.folder, 'forgetful.config.mjs')
    await writeFile(ownConfig, `export default ${JSON.stringify({ sources })}`)
    const outcome = await replay(['--rebuild', '--yes', '--source', 'shop', '--config', ownConfig])
    expect(outcome).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['young'])
    const after = await readAll()
    for (const table of ['rollup_minute', 'rollup_hour', 'identities'])
      expect(after[table]).toEqual(expect.arrayContaining(before[table] ?? []))
  })

  it('is refused where the tables are spread over a cluster', async () => {
    const ownConfig = join(given.folder, 'cluster.config.mjs')
    const value = { sources: [{ name: 'shop', writeKeys: ['k'] }], warehouse: { cluster: 'main' } }
    await writeFile(ownConfig, `export default ${JSON.stringify(value)}`)
    expect(await replay(['--rebuild', '--yes', '--config', ownConfig])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'millrace: the tables are spread over a cluster, whose tables cannot be swapped safely; a plain replay into them works\n',
    })
  })
})
