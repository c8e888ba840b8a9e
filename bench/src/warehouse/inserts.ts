/**
 * Rows a second from envelopes to committed rows by the consumer's own code, beside what ClickHouse takes when the same
 * rows come ready and nothing but the table has to be written.
 */

import { encodeJson } from '@millrace/schemas'
import { buildEventRows } from '../../../consumers/src/rows/rows.ts'
import { describeNative, encodeNative } from '../../../schemas/src/native/native.ts'
import { type Measured, quantile } from '../measure.ts'
import { type Consumer, startConsumer } from './consumer.ts'
import { createEnvelopes, ENVELOPE_EVENTS } from './envelopes.ts'
import { DATABASE, type MeasuredWarehouse, timeOf } from './warehouse.ts'

/** Events of an insert: a slice of a queue batch of full messages has as many. Source: `consumers/src/slices.ts`. */
const BATCH_EVENTS = 9_000

const BATCHES = 8

const ROWS = BATCHES * BATCH_EVENTS

/** Inserts under way at once, as when several consumers run. */
const LANES = 4

/** Each way takes turns with the others. */
const ROUNDS = 3

/** One queue batch, as the Worker gets it and as ClickHouse could have it at once. */
interface Batch {
  texts: string[]
  block: Uint8Array<ArrayBuffer>
}

/** Measures; leaves `events` empty. */
export async function measureInserts(
  warehouse: MeasuredWarehouse,
  report: (line: string) => void,
): Promise<Measured[]> {
  const { run } = warehouse
  const batches = Array.from({ length: BATCHES }, (_, index) => createBatch(index))
  await prepareTables(warehouse, batches)
  const connection = { url: warehouse.clickhouseUrl, username: 'default', password: '', database: DATABASE }
  const start = (lane: number, lanes: number) =>
    startConsumer({
      connection,
      batches: batches.flatMap(({ texts }, index) => (index % lanes === lane ? [texts] : [])),
    })
  const alone = [await start(0, 1)]
  const several = await Promise.all(Array.from({ length: LANES }, (_, lane) => start(lane, LANES)))
  const ways = createWays(warehouse, batches, alone, several)
  const rates = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]))
  const costs = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]))
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    report(`inserts: ${BATCHES} of ${BATCH_EVENTS} rows each way, round ${round} of ${ROUNDS}`)
    for (const [name, write] of Object.entries(ways)) {
      await run('TRUNCATE TABLE events')
      await run('TRUNCATE TABLE bare')
      const cpuBefore = warehouse.readCpuMicros()
      const ms = await timeOf(() => warehouse.onCoresApart(write))
      if (round === 0) continue
      rates.get(name)?.push(ROWS / (ms / 1_000))
      costs.get(name)?.push((warehouse.readCpuMicros() - cpuBefore) / ROWS)
    }
  }
  await Promise.all([...alone, ...several].map(({ stop }) => stop()))
  for (const table of ['prepared', 'bare']) await run(`DROP TABLE ${table}`)
  await run('TRUNCATE TABLE events')
  return describe(rates, costs)
}

function createBatch(index: number): Batch {
  const envelopes = createEnvelopes({
    events: BATCH_EVENTS,
    first: (index * BATCH_EVENTS) / ENVELOPE_EVENTS,
    startMs: Date.now() - 3_600_000,
  })
  const rows = envelopes.flatMap(buildEventRows)
  return {
    texts: envelopes.map((envelope) => encodeJson(envelope)),
    block: encodeNative(columnsOf(rows), rows),
  }
}

function columnsOf(rows: readonly object[]): string[] {
  return Object.keys(rows[0] ?? {})
}

const COLUMNS = columnsOf(createEnvelopes({ events: 1, startMs: 0 }).flatMap(buildEventRows))

/** `bare` is `events` without the views behind it; `prepared` has the rows in memory, a number for each batch. */
async function prepareTables({ run }: MeasuredWarehouse, batches: readonly Batch[]): Promise<void> {
  await run('CREATE TABLE bare AS events')
  await run('CREATE TABLE prepared AS events ENGINE = Memory')
  await run('ALTER TABLE prepared ADD COLUMN batch UInt32')
  for (const [index, { block }] of batches.entries()) {
    const input = `SELECT *, ${index} FROM input('${describeNative(COLUMNS)}')`
    await run(`INSERT INTO prepared (${COLUMNS.join(', ')}, batch) ${input} FORMAT Native`, { body: block })
  }
}

const SINK_ALONE = 'envelopes to rows, one insert at a time'
const SINK = `envelopes to rows, ${LANES} inserts at once`
const SELECT_ALONE = 'bare INSERT SELECT of rows in memory, one at a time'
const SELECT = `bare INSERT SELECT of rows in memory, ${LANES} at once`
const HTTP_ALONE = 'bare insert of ready bytes over HTTP, one at a time'
const HTTP = `bare insert of ready bytes over HTTP, ${LANES} at once`

function createWays(
  { run }: MeasuredWarehouse,
  batches: readonly Batch[],
  alone: readonly Consumer[],
  several: readonly Consumer[],
): Record<string, () => Promise<unknown>> {
  const list = COLUMNS.join(', ')
  const select = (index: number) =>
    run(`INSERT INTO bare (${list}) SELECT ${list} FROM prepared WHERE batch = ${index}`)
  const input = `INSERT INTO bare (${list}) SELECT * FROM input('${describeNative(COLUMNS)}') FORMAT Native`
  const send = async (index: number) => {
    const { block } = batches[index] ?? {}
    if (block !== undefined) await run(input, { body: block })
  }
  const writeAll = (consumers: readonly Consumer[]) => Promise.all(consumers.map(({ write }) => write()))
  return {
    [SINK_ALONE]: () => writeAll(alone),
    [HTTP_ALONE]: () => runInLanes(batches.keys(), 1, send),
    [SELECT_ALONE]: () => runInLanes(batches.keys(), 1, select),
    [SINK]: () => writeAll(several),
    [HTTP]: () => runInLanes(batches.keys(), LANES, send),
    [SELECT]: () => runInLanes(batches.keys(), LANES, select),
  }
}

async function runInLanes(
  indexes: Iterator<number>,
  lanes: number,
  write: (index: number) => Promise<unknown>,
): Promise<void> {
  const lane = async () => {
    for (let next = indexes.next(); next.done !== true; next = indexes.next()) await write(next.value)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

function describe(rates: ReadonlyMap<string, number[]>, costs: ReadonlyMap<string, number[]>): Measured[] {
  const line = (name: string, samples: number[], unit: string): Measured => ({
    name,
    value: quantile(samples, 0.5),
    unit,
    samples,
  })
  const ratio = (name: string, of: ReadonlyMap<string, number[]>, way: string, limit: string): Measured => ({
    name,
    value: quantile(of.get(way) ?? [], 0.5) / quantile(of.get(limit) ?? [], 0.5),
    unit: '×',
  })
  return [
    ...[...rates].map(([name, samples]) => line(name, samples, 'rows/s')),
    ...[...costs].map(([name, samples]) => line(`ClickHouse's time: ${name}`, samples, 'µs/row')),
    ratio('rate, our path / bare HTTP, one at a time', rates, SINK_ALONE, HTTP_ALONE),
    { ...ratio(`rate, our path / bare HTTP, ${LANES} at once`, rates, SINK, HTTP), aim: { atLeast: 0.7 } },
    ratio(`rate, our path / bare SELECT, ${LANES} at once`, rates, SINK, SELECT),
    ratio("ClickHouse's time, bare HTTP / our path", costs, HTTP_ALONE, SINK_ALONE),
  ]
}
