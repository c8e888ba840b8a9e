/** One insert of the same rows in several formats: what it costs the Worker to encode and ClickHouse to take. */

import { decodeEnvelope, encodeJson } from '@millrace/schemas'
import { toDateTime } from '@millrace/schemas/recompute'
import { buildEventRows, type EventRow } from '../../../consumers/src/rows/rows.ts'
import { describeNative, encodeNative } from '../../../schemas/src/native/native.ts'
import { type Measured, quantile } from '../measure.ts'
import { createEnvelopes } from './envelopes.ts'
import { type MeasuredWarehouse, timesOf } from './warehouse.ts'

/** Rows of an insert: what a queue batch of small messages is, and what a slice of full ones is. */
const SIZES = [1_000, 10_000]

const SAMPLES = 5

/** A way to send rows. */
interface Way {
  name: string
  /** Absent where ClickHouse made the bytes, because there is no encoder for it in the Worker. */
  encode?: () => Uint8Array<ArrayBuffer>
  bytes: Uint8Array<ArrayBuffer>
  sql: string
  settings?: Record<string, string>
}

/** As `insert.ts` has them, for text. */
const SETTINGS = {
  json_type_escape_dots_in_keys: '1',
  input_format_try_infer_dates: '0',
  input_format_try_infer_datetimes: '0',
  input_format_binary_read_json_as_string: '1',
}

const TIMES = ['timestamp', 'original_timestamp', 'received_at', 'sent_at']

/** Measures; leaves `events` empty. */
export async function measureFormats(
  warehouse: MeasuredWarehouse,
  report: (line: string) => void,
): Promise<Measured[]> {
  const results: Measured[] = []
  for (const size of SIZES) {
    report(`formats: inserts of ${size} rows`)
    results.push(...(await measureSize(warehouse, size)))
  }
  await warehouse.run('TRUNCATE TABLE events')
  return results
}

async function measureSize(warehouse: MeasuredWarehouse, size: number): Promise<Measured[]> {
  const texts = createEnvelopes({ events: size, startMs: Date.now() }).map((envelope) => encodeJson(envelope))
  const rows = readRows(texts)
  const micros = (name: string, times: readonly number[]): Measured => ({
    name: `${size} rows: ${name}`,
    value: (quantile(times, 0.5) * 1_000) / rows.length,
    unit: 'µs/row',
    samples: times.map((ms) => (ms * 1_000) / rows.length),
  })
  const results = [micros('decode and build rows', await timesOf(async () => readRows(texts), SAMPLES))]
  for (const { name, encode, bytes, sql, settings = {} } of await findWays(warehouse, rows)) {
    await warehouse.run('TRUNCATE TABLE events')
    const insert = () => warehouse.run(sql, { body: bytes, settings: { ...SETTINGS, ...settings } })
    if (encode !== undefined)
      results.push(micros(`${name}, encode`, await timesOf(async () => encode(), SAMPLES)))
    results.push(micros(`${name}, insert`, await timesOf(insert, SAMPLES)), {
      name: `${size} rows: ${name}, size`,
      value: bytes.length / rows.length,
      unit: 'bytes/row',
    })
  }
  return results
}

function readRows(texts: readonly string[]): EventRow[] {
  return texts.flatMap((text) => {
    const decoded = decodeEnvelope(text)
    if (!decoded.ok) throw new Error(decoded.message)
    return buildEventRows(decoded.envelope)
  })
}

async function findWays(
  { run, read, readBytes }: MeasuredWarehouse,
  rows: readonly EventRow[],
): Promise<Way[]> {
  const columns = Object.keys(rows[0] ?? {})
  const into = `INSERT INTO events (${columns.join(', ')})`
  const textRows = rows.map(writeTimes)
  const encoder = new TextEncoder()
  const lines = (write: (row: EventRow) => unknown) =>
    encoder.encode(textRows.map((row) => `${JSON.stringify(write(row))}\n`).join(''))
  const encodeLines = () => lines((row) => row)
  const encodeLists = () => lines((row) => Object.values(row))
  const encodeBlock = () => encodeNative(columns, rows)
  const native = `${into} SELECT * FROM input('${describeNative(columns)}') FORMAT Native`

  // What ClickHouse itself writes in the formats that the Worker has no encoder for.
  await run('TRUNCATE TABLE events')
  await run(native, { body: encodeBlock(), settings: SETTINGS })
  const described = await read<{ name: string; type: string }>(
    "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'events'",
  )
  const types = new Map(described.map(({ name, type }) => [name, type]))
  const texts = columns.map((name) =>
    types.get(name)?.startsWith('JSON') ? `toJSONString(${name}) AS ${name}` : name,
  )
  const select = `SELECT ${texts.join(', ')} FROM (SELECT * FROM events) FORMAT`
  const bytes = encodeLines()
  const ways: Way[] = [
    { name: 'JSONEachRow', encode: encodeLines, bytes, sql: `${into} FORMAT JSONEachRow` },
    {
      name: 'JSONEachRow, parsed by one thread',
      bytes,
      sql: `${into} FORMAT JSONEachRow`,
      settings: { input_format_parallel_parsing: '0' },
    },
    {
      name: 'JSONCompactEachRow',
      encode: encodeLists,
      bytes: encodeLists(),
      sql: `${into} FORMAT JSONCompactEachRow`,
    },
    { name: 'RowBinary', bytes: await readBytes(`${select} RowBinary`), sql: `${into} FORMAT RowBinary` },
    { name: 'Parquet', bytes: await readBytes(`${select} Parquet`), sql: `${into} FORMAT Parquet` },
    { name: 'Native', encode: encodeBlock, bytes: encodeBlock(), sql: native },
  ]
  return ways
}

function writeTimes(row: EventRow): EventRow {
  const copy = { ...row }
  for (const name of TIMES) {
    const value = copy[name]
    if (typeof value === 'number') copy[name] = toDateTime(value)
  }
  return copy
}
