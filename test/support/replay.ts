/** What the journeys of `millrace replay` share: a warehouse that is empty before each test, a lake in a folder, the command. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Envelope, EnvelopeEvent, JsonObject } from '@millrace/schemas'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { createSink } from '../../cli/src/fakes.ts'
import { runProgram } from '../../cli/src/program.ts'
import { DATABASE, migrate } from '../../local/src/migrate.ts'
import { buildEnvelope } from './envelope.ts'
import { writeFolderLake } from './folder-lake.ts'
import { delivered, envelopesOf } from './oracle/deliveries.ts'
import { startWarehouse, type TestWarehouse } from './warehouse.ts'

/** Database that a rebuild fills before the swap. */
export const SHADOW = `${DATABASE}_shadow`

/** Sources of the configuration. */
export const SOURCES = ['shop', 'blog']

/** Measure that each of them has. */
export const MEASURE = { name: 'revenue', path: 'properties.revenue' }

/** What a command gave. */
export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** How a command is run. */
export interface Typed {
  signal?: AbortSignal
  /** Where the lake is read. Default: from the folder. */
  from?: readonly string[]
  env?: Record<string, string>
  fetch?: typeof fetch
}

/** What {@link prepareReplay} gives; the folders and the warehouse are there from the first test on. */
export interface GivenReplay {
  /** Folder of the test file. */
  readonly folder: string
  /** Folder of the test's own lake, empty at first. */
  readonly lake: string
  readonly warehouse: TestWarehouse
  /** Writes histories as the consumer does, with runs of the recomputation in between. */
  fill: (histories: readonly Envelope[][][]) => Promise<void>
  /** Each table's rows as text, without the times of inserts and computations. */
  readAll: (database?: string) => Promise<Record<string, string[]>>
  /** Runs `millrace replay`. */
  replay: (args: readonly string[], typed?: Typed) => Promise<Outcome>
  /** Makes the tables anew. */
  begin: () => Promise<void>
  /** Runs a statement in no database. */
  ask: (sql: string) => Promise<void>
  /** Puts a history into the lake. */
  publish: (source: string, history: readonly Envelope[][]) => Promise<void>
  /** Ids of the events, in order. */
  ids: (where?: string) => Promise<string[]>
}

const START = Date.UTC(2026, 9, 31, 22)
/** Some minutes after the first event of a test. */
export const time = (minute: number) => START + minute * 60_000

/** An envelope as the collector makes it. */
export function envelopeOf(
  source: string,
  events: (Partial<EnvelopeEvent> & { messageId: string })[],
  receivedAt: number,
): Envelope {
  const shared = { type: 'track', timestamp: time(30), originalTimestamp: time(30) }
  const made = events.map((event) => ({ ...shared, ...event }) as EnvelopeEvent)
  return buildEnvelope({ source, receivedAt, events: made })
}

/** An event that corrects or retracts another. */
export const change = (
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

/** Some events as they may come; the same for the same seed. */
export function sampleOf(seed: number, count: number) {
  return fc.sample(fc.array(delivered, { minLength: count, maxLength: count }), { seed, numRuns: 1 })[0] ?? []
}

/** A history with duplicates, late events, aliases, corrections and retractions, as it came: part by part. */
export function historyOf(source: string, seed: number): Envelope[][] {
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

/** Runs `before` before each request to ClickHouse that is made in the command, and `after` after it. */
export function watchRequests({
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

/** Starts the warehouse for a test file, stops it in the end, and empties it before each test. */
export function prepareReplay(): GivenReplay {
  let folder: string
  let lake: string
  let config: string
  let warehouse: TestWarehouse
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-replay-'))
    config = join(folder, 'millrace.config.mjs')
    const sources = SOURCES.map((name) => ({ name, writeKeys: [`k-${name}`], measures: [MEASURE] }))
    await writeFile(config, `export default ${JSON.stringify({ sources })}\n`)
    warehouse = await startWarehouse(SOURCES.map((source) => ({ source, measures: [MEASURE] })))
  }, 60_000)
  afterAll(async () => {
    await warehouse.stop()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    lake = await mkdtemp(join(folder, 'lake-'))
    await begin()
  }, 60_000)

  async function fill(histories: readonly Envelope[][][]): Promise<void> {
    for (const history of histories) {
      for (const part of history) {
        if (part.length > 0) await warehouse.write(part)
        await warehouse.recompute()
      }
    }
  }

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

  async function publish(source: string, history: readonly Envelope[][]): Promise<void> {
    await writeFolderLake(lake, source, history.flat())
  }

  const ids = async (where = '1') =>
    (
      await warehouse.query<{ id: string }>(
        `SELECT message_id AS id FROM ${DATABASE}.events FINAL WHERE ${where} ORDER BY id`,
      )
    ).map(({ id }) => id)

  return {
    get folder() {
      return folder
    },
    get lake() {
      return lake
    },
    get warehouse() {
      return warehouse
    },
    ...{ fill, readAll, replay, begin, ask, publish, ids },
  }
}
