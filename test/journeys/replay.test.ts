/** ClickHouse is lost, and made again from the lake: every table is what it was, whatever happens on the way. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Envelope, EnvelopeEvent, JsonObject } from '@millrace/schemas'
import { ENVELOPE_VERSION, forgottenHash } from '@millrace/schemas'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSink } from '../../cli/src/fakes.ts'
import { runProgram } from '../../cli/src/program.ts'
import { DATABASE, migrate } from '../../local/src/migrate.ts'
import { writeFolderLake } from '../support/folder-lake.ts'
import { expectTables, readTables } from '../support/oracle/compare.ts'
import { delivered, envelopesOf } from '../support/oracle/deliveries.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const SHADOW = `${DATABASE}_shadow`
const SOURCES = ['shop', 'blog']
const MEASURE = { name: 'revenue', path: 'properties.revenue' }

/** Every which request a rebuild is cut off at; all of them with many rounds. */
const CUT_STEP = Number(process.env['PROPERTY_RUNS'] ?? 0) > 10 ? 1 : 97

/** Tables after which a swap is cut off; all of them with many rounds. */
const SWAP_CUTS = CUT_STEP === 1 ? Array.from({ length: 14 }, (_, table) => table + 1) : [1, 11]

let folder: string
let lake: string
let config: string
let warehouse: TestWarehouse
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-replay-'))
  config = join(folder, 'millrace.config.mjs')
  const sources = SOURCES.map((name) => ({ name, writeKeys: [`k-${name}`], measures: [MEASURE] }))
  await writeConfig({ sources })
  warehouse = await startWarehouse(SOURCES.map((source) => ({ source, measures: [MEASURE] })))
}, 60_000)
afterAll(async () => {
  await warehouse.stop()
  await rm(folder, { recursive: true, force: true })
})

async function writeConfig(value: object, more = ''): Promise<void> {
  await writeFile(config, `export default ${JSON.stringify(value)}\n${more}`)
}

const START = Date.UTC(2026, 9, 31, 22)
const time = (minute: number) => START + minute * 60_000

function envelopeOf(
  source: string,
  events: (Partial<EnvelopeEvent> & { messageId: string })[],
  receivedAt: number,
): Envelope {
  return {
    version: ENVELOPE_VERSION,
    part: 0,
    source,
    route: 'batch',
    receivedAt,
    batchId: 'b',
    events: events.map((event) => ({
      type: 'track',
      timestamp: time(30),
      originalTimestamp: time(30),
      ...event,
    })) as EnvelopeEvent[],
    quarantined: [],
    omitted: [],
  }
}

const change = (
  messageId: string,
  event: '$correct' | '$retract',
  target: string,
  changes: JsonObject = {},
) => ({
  messageId,
  type: 'track' as const,
  event,
  timestamp: time(500),
  originalTimestamp: time(500),
  properties: { messageId: target, reason: 'a test', ...(event === '$correct' ? { changes } : {}) },
})

/** What every column takes, odd values among them, and an event whose client did not say when. */
const ODD: JsonObject = {
  'a.b': 1,
  a: { b: 2, '%2E': true },
  big: 1e20,
  when: '2026-01-02',
  mixed: [true, 1, 'x', null],
  'ü😀': '\0',
}

function sampleOf(seed: number, count: number) {
  return fc.sample(fc.array(delivered, { minLength: count, maxLength: count }), { seed, numRuns: 1 })[0] ?? []
}

/** A history with duplicates, late events, aliases, corrections and retractions, as it came: part by part. */
function historyOf(source: string, seed: number): Envelope[][] {
  const items =
    fc.sample(fc.array(delivered, { minLength: 60, maxLength: 60 }), { seed, numRuns: 1 })[0] ?? []
  const parts = envelopesOf(source, items)
  const ids = [...new Set(parts.flat().flatMap(({ events }) => events.map(({ messageId }) => messageId)))]
  const { originalTimestamp: _, ...clockless } = {
    messageId: 'clockless',
    originalTimestamp: 0,
    anonymousId: 'a1',
  }
  const corrections = [
    change('c1', '$correct', ids[0] ?? '', { properties: { revenue: 7 }, userId: 'u9' }),
    change('c2', '$correct', ids[1] ?? '', { timestamp: new Date(time(77)).toISOString() }),
    change('r1', '$retract', ids[2] ?? ''),
    change('r2', '$retract', ids[3] ?? ''),
    change('r3', '$retract', 'r2'),
  ]
  return [
    ...parts,
    [
      envelopeOf(source, corrections, time(600)),
      envelopeOf(
        source,
        [{ messageId: 'odd', event: 'Odd', properties: ODD, traits: { plan: 'pro' } }],
        time(601),
      ),
      {
        ...envelopeOf(source, [], time(602)),
        events: [{ ...clockless, type: 'track', timestamp: time(31) }],
      },
    ],
  ]
}

/** Writes it as the consumer does, with runs of the recomputation in between. */
async function fill(histories: readonly Envelope[][][]): Promise<void> {
  for (const history of histories) {
    for (const part of history) {
      if (part.length > 0) await warehouse.write(part)
      await warehouse.recompute()
    }
  }
}

/** Each table's rows as text, without the times of inserts and computations. */
async function readAll(database = DATABASE): Promise<Record<string, string[]>> {
  const counts = 'finalizeAggregation(people) AS people'
  const rollup = `* EXCEPT (computed_at, is_deleted, people, sessions, value_quantiles), ${counts}, finalizeAggregation(sessions) AS sessions, finalizeAggregation(value_quantiles) AS value_quantiles`
  const selects: Record<string, string> = {
    events: '* EXCEPT inserted_at FROM @.events FINAL',
    events_resolved: '* EXCEPT (inserted_at, copy_rank) FROM @.events_resolved',
    corrections: '* EXCEPT inserted_at FROM @.corrections FINAL',
    corrected_events: '* EXCEPT (inserted_at, copy_rank) FROM @.corrected_events FINAL',
    identities: '* EXCEPT (computed_at, is_deleted) FROM @.identities FINAL',
    identity_pairs: '* FROM @.identity_pairs FINAL',
    identity_aliases: '* FROM @.identity_aliases FINAL',
    sessions: '* EXCEPT (computed_at, is_deleted) FROM @.sessions FINAL',
    rollup_minute: `${rollup} FROM @.rollup_minute FINAL`,
    rollup_hour: `${rollup} FROM @.rollup_hour FINAL`,
    rollup_hour_fields: `* EXCEPT (computed_at, is_deleted, people), ${counts} FROM @.rollup_hour_fields FINAL`,
  }
  const tables: Record<string, string[]> = {}
  for (const [table, select] of Object.entries(selects)) {
    const rows = await warehouse.query<object>(`SELECT ${select.replaceAll('@', database)}`)
    tables[table] = rows.map((row) => JSON.stringify(row)).sort()
  }
  return tables
}

interface Outcome {
  code: number
  stdout: string
  stderr: string
}

interface Typed {
  signal?: AbortSignal
  /** Where the lake is read. Default: from the folder. */
  from?: readonly string[]
  env?: Record<string, string>
  fetch?: typeof fetch
}

async function replay(
  args: readonly string[],
  { signal, fetch: ownFetch, from = ['--lake', lake], env = {} }: Typed = {},
): Promise<Outcome> {
  const [stdout, stderr] = [createSink(), createSink()]
  const code = await runProgram({
    args: [
      'replay',
      ...[...from, '--config', config, '--clickhouse-url', warehouse.url],
      ...['--state', join(folder, 'state.json')],
      ...args,
    ],
    env,
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal,
    fetch: ownFetch as never,
  })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

async function begin(): Promise<void> {
  await ask(`DROP DATABASE IF EXISTS ${SHADOW} SYNC`)
  await ask(`DROP DATABASE IF EXISTS ${DATABASE} SYNC`)
  await migrate(warehouse.url)
}

async function ask(sql: string): Promise<void> {
  const response = await fetch(warehouse.url, { method: 'POST', body: sql })
  if (!response.ok) throw new Error(await response.text())
  await response.text()
}

beforeEach(async () => {
  lake = await mkdtemp(join(folder, 'lake-'))
  await begin()
}, 60_000)

/** Runs `before` before each request to ClickHouse that is made in the command, and `after` after it. */
function watchRequests({
  before = async () => {},
  after = () => {},
}: {
  before?: (count: number, body: string) => Promise<void>
  after?: (count: number) => void
}): typeof fetch {
  let count = 0
  return async (url, init) => {
    const number = ++count
    await before(number, typeof init?.body === 'string' ? init.body : '')
    const response = await fetch(url, init)
    // Read whole, so that what comes after it finds it done.
    const body = await response.arrayBuffer()
    after(number)
    return new Response(body, { status: response.status, headers: response.headers })
  }
}

async function publish(source: string, history: readonly Envelope[][]): Promise<void> {
  await writeFolderLake(lake, source, history.flat())
}

const ids = async (where = '1') =>
  (
    await warehouse.query<{ id: string }>(
      `SELECT message_id AS id FROM ${DATABASE}.events FINAL WHERE ${where} ORDER BY id`,
    )
  ).map(({ id }) => id)

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
    expect(await warehouse.query(`SELECT 1 FROM system.databases WHERE name = '${SHADOW}'`)).toEqual([])
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
      await warehouse.write([envelope])
      if (written.length % 5 === 0) await warehouse.recompute()
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
    await warehouse.recompute()
    expect(await readTables(warehouse, 'shop')).toEqual(expectTables([...first, ...written], 'shop'))
    expect(await readTables(warehouse, 'blog')).toEqual(expectTables(other, 'blog'))

    // The views that fill other tables go on in what is live now.
    await fill([[waiting, third]])
    const all = [...first, ...second, ...third]
    expect(await readTables(warehouse, 'shop')).toEqual(expectTables(all, 'shop'))
  })

  it('that is cut off at any request is made by the next', { timeout: 900_000 }, async () => {
    const history = historyOf('shop', 5)
    const [first = [], ...rest] = history
    await fill([[first, rest.flat()]])
    await publish('shop', [first, ...rest.slice(1)])
    const before = await readAll()
    let isCut = true
    for (let cutAt = 1; isCut; cutAt += CUT_STEP) {
      const interruption = new AbortController()
      const ownFetch = watchRequests({ after: (count) => count === cutAt && interruption.abort() })
      const cut = await replay(['--rebuild', '--yes', '--source', 'shop'], {
        fetch: ownFetch,
        signal: interruption.signal,
      })
      isCut = interruption.signal.aborted
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
          if (isSwap && swapped++ === cutAt - 1) await warehouse.write(second)
        },
        after: () => isSwap && swapped === cutAt && interruption.abort(),
      })
      const args = ['--rebuild', '--yes', '--source', 'shop']
      const cut = await replay(args, { fetch: ownFetch, signal: interruption.signal })
      expect(cut.code).toBe(130)
      await warehouse.write(third)
      const drop = await replay(['--drop-old', '--yes'])
      expect(drop.stderr).toContain('was cut off while it swapped the tables: run millrace replay --rebuild')
      const next = await replay(args)
      expect(next).toMatchObject({ code: 0 })
      expect(next.stderr).toContain('it is finished now')
      await warehouse.recompute()
      const all = [...first, ...second, ...third]
      expect(await readTables(warehouse, 'shop')).toEqual(expectTables(all, 'shop'))
    },
  )

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
    await warehouse.write([
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
    await warehouse.write([old])
    await warehouse.recompute()
    await warehouse.run("DELETE FROM events WHERE message_id = 'old'")
    const [before, publishedAt] = [await readAll(), Date.now() - 3_600_000]
    const young = envelopeOf('shop', [{ messageId: 'young', timestamp: publishedAt }], publishedAt)
    await publish('shop', [[young]])
    const sources = [{ name: 'shop', writeKeys: ['k'], retention: { eventsDays: 1 }, measures: [MEASURE] }]
    const ownConfig = join(folder, 'forgetful.config.mjs')
    await writeFile(ownConfig, `export default ${JSON.stringify({ sources })}`)
    const outcome = await replay(['--rebuild', '--yes', '--source', 'shop', '--config', ownConfig])
    expect(outcome).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['young'])
    const after = await readAll()
    for (const table of ['rollup_minute', 'rollup_hour', 'identities'])
      expect(after[table]).toEqual(expect.arrayContaining(before[table] ?? []))
  })

  it('is refused where the tables are spread over a cluster', async () => {
    const ownConfig = join(folder, 'cluster.config.mjs')
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

describe('a replay', () => {
  const hourly = Array.from({ length: 6 }, (_, hour) => ({
    messageId: `h${hour}`,
    timestamp: time(hour * 60 + 10),
    originalTimestamp: time(hour * 60 + 10),
    userId: `u${hour}`,
  }))
  const at = (hour: number, minute = 0) => new Date(time(hour * 60 + minute)).toISOString()
  const others = hourly.filter(({ messageId }) => messageId !== 'h3')

  it('loads the events of the range, and tells what the lake has not', async () => {
    await publish('shop', [[envelopeOf('shop', others, time(700))]])
    const range = ['--source', 'shop', '--from', at(1, 10), '--to', at(5)]
    const dry = await replay([...range, '--dry-run'])
    expect(dry).toEqual({
      code: 0,
      stdout: 'source shop: 3 files with 3 rows\ndry run, nothing was loaded\n',
      stderr: 'source shop: the lake has nothing for 1 hour: 2026-11-01 01:00 – 02:00\n',
    })
    const outcome = await replay(range)
    expect(outcome).toMatchObject({ code: 0, stderr: dry.stderr })
    expect(outcome.stdout).toMatch(/^3 rows of 3 files loaded into millrace\n/)
    expect(await ids()).toEqual(['h1', 'h2', 'h4'])
    // Again, and again all of it: nothing is there twice.
    expect(await replay(range)).toMatchObject({ code: 0 })
    expect(await replay(['--source', 'shop'])).toMatchObject({ code: 0 })
    await warehouse.recompute()
    const [row] = await warehouse.query<{ events: string }>(
      'SELECT sum(events) AS events FROM rollup_hour FINAL',
    )
    expect(Number(row?.events)).toBe(5)
  })

  it('does not bring back who is forgotten', async () => {
    await publish('shop', [
      [envelopeOf('shop', [...hourly, change('c', '$correct', 'h1', { userId: 'u2' })], time(700))],
    ])
    const hash = async (kind: 'user' | 'message', id: string) =>
      `('shop', '${await forgottenHash(kind, id)}', '${kind}')`
    await warehouse.run(
      `INSERT INTO forgotten (source, id_hash, kind) VALUES ${await hash('user', 'u2')}, ${await hash('message', 'h4')}`,
    )
    for (const more of [[], ['--into', 'shadow']]) {
      const outcome = await replay(['--source', 'shop', ...more])
      expect(outcome.stdout).toContain('3 events left out, because they name somebody who is forgotten\n')
    }
    expect(await ids()).toEqual(['h0', 'h1', 'h3', 'h5'])
    expect(await replay(['--rebuild', '--yes'])).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['h0', 'h1', 'h3', 'h5'])
  })

  it('names files that are broken or missing, and loads the others', async () => {
    await publish('shop', [[envelopeOf('shop', hourly, time(700))]])
    const path = (hour: string) =>
      join(lake, `events/source=shop/date=2026-11-01/hour=${hour}/bucket-0.parquet`)
    await rm(path('00'))
    await writeFile(path('01'), (await readFile(path('01'))).fill(0, 10, 200))
    const outcome = await replay(['--source', 'shop'])
    expect(outcome.code).toBe(3)
    expect(outcome.stdout).toContain('2 files could not be read:\n')
    expect(outcome.stdout).toContain('hour=00/bucket-0.parquet: there is no file ')
    expect(outcome.stdout).toContain(
      'hour=01/bucket-0.parquet: events/source=shop/date=2026-11-01/hour=01/bucket-0.parquet has other content than its SHA-256',
    )
    expect(await ids()).toEqual(['h0', 'h1', 'h4', 'h5'])
    // Mended, only those are loaded.
    await publish('shop', [[envelopeOf('shop', hourly, time(700))]])
    const again = await replay(['--source', 'shop'])
    expect(again).toMatchObject({ code: 0 })
    expect(again.stdout).toContain('2 rows of 2 files loaded into millrace\n4 files had been loaded before\n')
    expect(await ids()).toEqual(['h0', 'h1', 'h2', 'h3', 'h4', 'h5'])
  })

  it('goes on after an interruption', async () => {
    await publish('shop', [[envelopeOf('shop', hourly, time(700))]])
    const interruption = new AbortController()
    let inserts = 0
    const ownFetch: typeof fetch = async (url, init) => {
      if (String(url).includes('FORMAT+Native') && ++inserts === 3) interruption.abort()
      return fetch(url, init)
    }
    const args = ['--source', 'shop', '--rate', '1.5']
    const cut = await replay(args, { signal: interruption.signal, fetch: ownFetch })
    expect(cut.code).toBe(130)
    expect(cut.stderr).toMatch(/interrupted; \d of 6 files are done\. The same command again goes on\.\n$/)
    const state = join(folder, 'state.json')
    expect(await readFile(state, 'utf8')).toContain('hour=22/bucket-0.parquet')
    const next = await replay(args)
    expect(next).toMatchObject({ code: 0 })
    expect(next.stdout).toMatch(/\d files had been loaded before\n/)
    expect(await ids()).toEqual(['h0', 'h1', 'h2', 'h3', 'h4', 'h5'])
    await expect(readFile(state)).rejects.toThrow('ENOENT')
  })

  it('begins anew when the tables are other ones', async () => {
    await publish('shop', [[envelopeOf('shop', hourly, time(700))]])
    const interruption = new AbortController()
    const ownFetch: typeof fetch = async (url, init) => {
      const response = await fetch(url, init)
      if (String(url).includes('FORMAT+Native')) setTimeout(() => interruption.abort(), 100)
      return response
    }
    const args = ['--source', 'shop', '--rate', '1']
    expect((await replay(args, { signal: interruption.signal, fetch: ownFetch })).code).toBe(130)
    await begin()
    expect(await replay(['--source', 'shop', '--rate', '1'])).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['h0', 'h1', 'h2', 'h3', 'h4', 'h5'])
  })

  it('changes events by the transform, also where they are stored already', async () => {
    const envelopes = [envelopeOf('shop', hourly, time(700))]
    await warehouse.write(envelopes)
    await publish('shop', [envelopes])
    const ownConfig = join(folder, 'transform.config.mjs')
    const write = (body: string) =>
      writeFile(
        ownConfig,
        `export default { sources: [{ name: 'shop', writeKeys: ['k'] }] }\nexport const transform = (event, { source }) => { ${body} }`,
      )
    await write(`if (event.message_id === 'h1') return null
      if (event.message_id === 'h2') throw new Error('no')
      if (event.message_id === 'h3') return event
      return { ...event, country: source, properties: { ...event.properties, 'a.b': 1 } }`)
    const args = ['--source', 'shop', '--transform', '--config', ownConfig]
    const failed = await replay(args)
    expect(failed).toMatchObject({ code: 1 })
    expect(failed.stderr).toContain('millrace: transform fails on the event h2 of shop: no\n')
    const outcome = await replay([...args, '--skip-failed'])
    expect(outcome.stdout).toContain(
      '4 rows of 6 files loaded into millrace\n3 events changed by the transform\n1 event left out by the transform\n1 event passed over',
    )
    const countries = 'SELECT message_id, country, properties FROM events FINAL ORDER BY message_id'
    expect(await warehouse.query(countries)).toEqual(
      hourly.map(({ messageId }) =>
        ['h1', 'h2', 'h3'].includes(messageId)
          ? { message_id: messageId, country: '', properties: {} }
          : { message_id: messageId, country: 'shop', properties: { 'a.b': 1 } },
      ),
    )
    // Made anew, what it leaves out is not there.
    expect(await replay([...args, '--skip-failed', '--rebuild', '--yes'])).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['h0', 'h2', 'h3', 'h4', 'h5'])
    expect(await ids("country = 'shop'")).toEqual(['h0', 'h4', 'h5'])
  })

  it('reads through the collector, with the token of each source', async () => {
    const tokens: Record<string, string> = { shop: 'shop-token', blog: 'blog-token' }
    for (const source of SOURCES)
      await publish(source, [[envelopeOf(source, [{ messageId: `of-${source}` }], time(700))]])
    const endpoint = 'http://collector.test'
    const ownFetch: typeof fetch = async (input, init) => {
      const url = new URL(String(input))
      if (url.origin !== endpoint) return fetch(input, init)
      const token = new Headers(init?.headers).get('authorization')?.slice('Bearer '.length)
      const source = SOURCES.find((name) => tokens[name] === token)
      const path = url.pathname.replace('/v1/lake/files/', '').replace('/v1/lake/manifest', '_manifest.json')
      return new Response(await readFile(join(lake, `events/source=${source}`, path)))
    }
    const ownConfig = join(folder, 'tokens.config.mjs')
    const sources = SOURCES.map((name) => ({
      name,
      writeKeys: [name],
      readTokenVar: `${name.toUpperCase()}_READ`,
    }))
    await writeFile(ownConfig, `export default ${JSON.stringify({ sources })}`)
    const typed = { fetch: ownFetch, from: ['--endpoint', endpoint] }
    const args = ['--rebuild', '--yes', '--config', ownConfig]
    const refused = await replay(args, typed)
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.stderr).toContain('the read token of the source shop is needed')
    const env = { SHOP_READ: 'shop-token', BLOG_READ: 'blog-token' }
    expect(await replay(args, { ...typed, env })).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['of-blog', 'of-shop'])
  })

  it('into the shadow leaves live alone', async () => {
    await publish('shop', [[envelopeOf('shop', hourly, time(700))]])
    const outcome = await replay(['--source', 'shop', '--into', 'shadow'])
    expect(outcome.stdout).toMatch(/^6 rows of 6 files loaded into millrace_shadow\n$/)
    expect(await ids()).toEqual([])
    const [row] = await warehouse.query<{ events: string }>(
      `SELECT sum(events) AS events FROM ${SHADOW}.rollup_minute FINAL`,
    )
    expect(Number(row?.events)).toBe(6)
    expect(await replay(['--drop-old', '--yes'])).toMatchObject({
      code: 0,
      stdout: 'millrace_shadow is dropped\n',
    })
  })
})
