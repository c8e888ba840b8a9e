import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { get, type IncomingMessage, request as openRequest } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { createClient as createWebClient } from '@clickhouse/client-web'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ClickHouseProcess, startClickHouse } from './process.ts'
import { createClickHouseServer } from './server.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-clickhouse-'))
const dataPath = join(directory, 'main')
let clickhouse: ClickHouseProcess
let client: ClickHouseClient

beforeAll(async () => {
  clickhouse = await startClickHouse({ dataPath, port: 0 })
  client = createClient({ url: clickhouse.url, log: { level: ClickHouseLogLevel.OFF } })
})

afterAll(async () => {
  await client.close()
  await clickhouse.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** A request as curl would make it. */
async function post(query: string, search = '', headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${clickhouse.url}/${search}`, { method: 'POST', body: query, headers })
}

/** The rows of a query, on a client of the test's choice. */
async function rowsOf(query: string, by: ClickHouseClient = client): Promise<unknown[]> {
  const result = await by.query({ query, format: 'JSONCompactEachRow' })
  return result.json()
}

/** Sends bytes behind a statement with the official client, and gives the summary. */
async function insertBytes(query: string, bytes: Buffer): Promise<unknown> {
  const values = Readable.from([bytes], { objectMode: false })
  const { summary, stream } = await client.exec({ query, values })
  // Until it is read, the answer keeps its connection.
  stream.resume()
  return summary
}

/** Resident memory of the server in megabytes. */
function serverMegabytes(): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(clickhouse.pid)]).toString()) / 1024
}

/** A streamed answer whose reader decides about its pace. */
async function openStream(query: string): Promise<IncomingMessage> {
  const request = get(`${clickhouse.url}/?query=${encodeURIComponent(query)}`)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}

describe('official client', () => {
  beforeEach(async () => {
    await client.command({ query: 'DROP TABLE IF EXISTS t' })
    await client.command({ query: 'CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a' })
  })

  test('client pings', async () => {
    expect(await client.ping()).toEqual({ success: true })
    expect(await client.ping({ select: true })).toEqual({ success: true })
  })

  test('client inserts an array of rows', async () => {
    const values = [
      { a: 1, b: 'tab\t quote\' "double" back\\slash' },
      { a: 2, b: 'line\nsnow ☃' },
    ]
    const { summary } = await client.insert({ table: 't', values, format: 'JSONEachRow' })
    expect(summary).toMatchObject({ written_rows: '2' })
    const rows = await client.query({ query: 'SELECT * FROM t ORDER BY a', format: 'JSONEachRow' })
    expect(await rows.json()).toEqual(values)
  })

  test('client inserts a stream of objects larger than what is looked at for the statement', async () => {
    const values = Readable.from(
      (function* () {
        for (let a = 0; a < 50_000; a += 1) yield { a, b: `row ${a}` }
      })(),
    )
    await client.insert({ table: 't', values, format: 'JSONEachRow' })
    expect(await rowsOf("SELECT count(), sum(a), countIf(b != 'row ' || a) FROM t")).toEqual([
      [50_000, 1_249_975_000, 0],
    ])
  })

  test('client inserts CSV with columns named', async () => {
    const values = Readable.from([Buffer.from('"x ""y""\nz",7\n')], { objectMode: false })
    await client.insert({ table: 't', columns: ['b', 'a'], values, format: 'CSV' })
    expect(await rowsOf('SELECT * FROM t')).toEqual([[7, 'x "y"\nz']])
  })

  test.each([
    'Parquet',
    'RowBinary',
    'Native',
    'Arrow',
    'Avro',
    'MsgPack',
    'JSONCompactEachRowWithNamesAndTypes',
    'JSON',
    'Values',
  ])('format %s goes out and comes in unchanged', async (format) => {
    const rows = "SELECT toUInt64(number) AS a, 'row\\n' || a AS b FROM numbers(100000)"
    const bytes = await (await post(`${rows} FORMAT ${format}`)).arrayBuffer()
    const summary = await insertBytes(`INSERT INTO t FORMAT ${format}`, Buffer.from(bytes))
    expect(summary).toMatchObject({ written_rows: '100000' })
    expect(await rowsOf("SELECT count(), sum(a), countIf(b != 'row\\n' || a) FROM t")).toEqual([
      [100_000, 4_999_950_000, 0],
    ])
  })

  test('client inserts through input()', async () => {
    const query = "INSERT INTO t SELECT a * 10, upper(b) FROM input('a UInt64, b String') FORMAT CSV"
    await insertBytes(query, Buffer.from('1,x\n2,y\n'))
    expect(await rowsOf('SELECT * FROM t ORDER BY a')).toEqual([
      [10, 'X'],
      [20, 'Y'],
    ])
  })

  test('insert with a bad row tells where and inserts nothing', async () => {
    const values = Readable.from([Buffer.from('1,x\nnope,y\n')], { objectMode: false })
    const failure = client.insert({ table: 't', values, format: 'CSV' })
    await expect(failure).rejects.toMatchObject({ code: '27', type: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED' })
    await expect(failure).rejects.toThrow(/\(at row 2\)/)
    await expect(failure).rejects.not.toThrow(new RegExp(directory))
    expect(await rowsOf('SELECT count() FROM t')).toEqual([[0]])
  })

  test('insert is idempotent by deduplication token', async () => {
    await client.command({ query: 'ALTER TABLE t MODIFY SETTING non_replicated_deduplication_window = 100' })
    const insert = (insert_deduplication_token: string) =>
      client.insert({
        table: 't',
        values: [{ a: 1, b: 'x' }],
        format: 'JSONEachRow',
        clickhouse_settings: { insert_deduplication_token },
      })
    await insert('one')
    await insert('one')
    await insert('two')
    expect(await rowsOf('SELECT count() FROM t')).toEqual([[2]])
  })

  test.each([
    ['String', 'it\'s "a"\ttab\nline\\ \r snow ☃'],
    ['Array(String)', ["x'y", 'z\n', '\\']],
    ['UInt64', '18446744073709551615'],
    ['Nullable(String)', null],
    ['Map(String, UInt8)', { "k'": 1 }],
  ])('parameter of type %s arrives as %j', async (type, value) => {
    const result = await client.query({
      query: `SELECT {x:${type}} AS x`,
      query_params: { x: value },
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    })
    expect(await result.json()).toEqual([{ x: value }])
  })

  test('parameters of dates and identifiers work', async () => {
    await client.insert({ table: 't', values: [{ a: 1, b: 'x' }], format: 'JSONEachRow' })
    const result = await client.query({
      query: 'SELECT {at:DateTime64(3)} AS at, {column:Identifier} AS c FROM {table:Identifier}',
      query_params: { at: new Date('2026-01-02T03:04:05.678Z'), column: 'b', table: 't' },
      format: 'JSONEachRow',
    })
    expect(await result.json()).toEqual([{ at: '2026-01-02 03:04:05.678', c: 'x' }])
  })

  test('parameters too large for a URL arrive in a form', async () => {
    const ids = Array.from({ length: 100_000 }, (_, index) => `id-${index}-'"\n`)
    const result = await client.query({
      query: 'SELECT length({ids:Array(String)}) AS n, {ids:Array(String)}[100000] AS last',
      query_params: { ids },
      use_multipart_params: true,
      format: 'JSONEachRow',
    })
    expect(await result.json()).toEqual([{ n: 100_000, last: ids.at(-1) }])
  })

  test('client reads a whole JSON document', async () => {
    const result = await client.query({ query: 'SELECT number AS n FROM numbers(2)', format: 'JSON' })
    expect(await result.json()).toMatchObject({
      meta: [{ name: 'n', type: 'UInt64' }],
      data: [{ n: 0 }, { n: 1 }],
      rows: 2,
    })
  })

  test('client streams a million rows and the server does not grow with them', async () => {
    const query = 'SELECT number, toString(number) AS text FROM numbers(1000000)'
    const before = serverMegabytes()
    const result = await client.query({ query, format: 'JSONEachRow' })
    let count = 0
    for await (const rows of result.stream()) {
      count += rows.length
      if (count % 100_000 < rows.length) await delay(10)
    }
    expect(count).toBe(1_000_000)
    // The result is 45 MB of text; the engine's own buffers come and go by tens of megabytes.
    expect(serverMegabytes() - before).toBeLessThan(150)
  })

  test('failing query gives an error with code and type', async () => {
    const error = await client.query({ query: 'SELECT * FROM nope' }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ClickHouseError)
    expect(error).toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' })
  })

  test('failure in the middle of a stream reaches the reader', async () => {
    const query = "SELECT number, throwIf(number = 3000000, 'boom') FROM numbers(5000000)"
    const result = await client.query({ query, format: 'JSONEachRow' })
    const read = async () => {
      for await (const _ of result.stream()) {
        // Only the end matters.
      }
    }
    await expect(read()).rejects.toMatchObject({ code: '395', type: 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO' })
  })

  test.each([
    [true, true],
    [{ codec: 'zstd' }, { codec: 'zstd' }],
    [{ codec: 'br' }, { codec: 'br' }],
  ] as const)('client compresses as %j', async (request, response) => {
    const compressing = createClient({ url: clickhouse.url, compression: { request, response } })
    const values = Array.from({ length: 10_000 }, (_, a) => ({ a, b: 'same' }))
    await compressing.insert({ table: 't', values, format: 'JSONEachRow' })
    expect(await rowsOf('SELECT count(), sum(a) FROM t', compressing)).toEqual([[10_000, 49_995_000]])
    await compressing.close()
  })

  test('client has settings and a database', async () => {
    await client.command({ query: 'CREATE DATABASE IF NOT EXISTS other' })
    const other = createClient({
      url: clickhouse.url,
      database: 'other',
      clickhouse_settings: { max_threads: 3 },
    })
    expect(await rowsOf("SELECT currentDatabase(), getSetting('max_threads')", other)).toEqual([['other', 3]])
    expect(await rowsOf('SELECT currentDatabase()')).toEqual([['default']])
    await other.close()
  })

  test('session keeps settings and temporary tables, URL settings last one request', async () => {
    const session = createClient({ url: clickhouse.url, session_id: 'kept', max_open_connections: 1 })
    await session.command({ query: 'CREATE TEMPORARY TABLE mine (a UInt8)' })
    await session.command({ query: 'SET max_threads = 3' })
    await session.insert({ table: 'mine', values: [{ a: 1 }], format: 'JSONEachRow' })
    const result = await session.query({
      query: "SELECT a, getSetting('max_threads'), getSetting('max_block_size') FROM mine",
      format: 'JSONCompactEachRow',
      clickhouse_settings: { max_block_size: '77' },
    })
    expect(await result.json()).toEqual([[1, 3, 77]])
    expect(await rowsOf("SELECT getSetting('max_block_size') = 77", session)).toEqual([[0]])
    await expect(client.query({ query: 'SELECT * FROM mine' })).rejects.toMatchObject({
      type: 'UNKNOWN_TABLE',
    })
    await session.close()
  })

  test('web client queries, inserts and sees errors', async () => {
    const web = createWebClient({ url: clickhouse.url, compression: { response: true } })
    expect(await web.ping()).toEqual({ success: true })
    await web.insert({ table: 't', values: [{ a: '5', b: 'web' }], format: 'JSONEachRow' })
    const result = await web.query({
      query: 'SELECT b FROM t WHERE a = {a:UInt64}',
      query_params: { a: 5 },
      format: 'JSONEachRow',
    })
    expect(await result.json()).toEqual([{ b: 'web' }])
    await expect(web.command({ query: 'DROP TABLE nope' })).rejects.toMatchObject({ code: '60' })
    await web.close()
  })

  test('fifty requests at once do not disturb each other', async () => {
    const one = async (index: number) => {
      const result = await client.query({
        query:
          "SELECT {index:UInt32} AS i, getSetting('max_block_size') AS size, sum(number) AS s FROM numbers(100000)",
        query_params: { index },
        clickhouse_settings: { max_block_size: String(1000 + index) },
        format: 'JSONEachRow',
      })
      return result.json()
    }
    const results = await Promise.all(Array.from({ length: 50 }, (_, index) => one(index)))
    expect(results).toEqual(
      Array.from({ length: 50 }, (_, index) => [{ i: index, size: 1000 + index, s: 4_999_950_000 }]),
    )
  })
})

describe('plain HTTP', () => {
  test.each([
    ['/ping', 200, 'Ok.\n'],
    ['/', 200, 'Ok.\n'],
    ['/replicas_status', 200, 'Ok.\n'],
    ['/?query=SELECT%201', 200, '1\n'],
    ['/?query=SELECT%201&default_format=JSONEachRow', 200, '{"1":1}\n'],
  ])('GET %s answers %i', async (path, status, text) => {
    const response = await fetch(`${clickhouse.url}${path}`)
    expect([response.status, await response.text()]).toEqual([status, text])
  })

  test('GET of an unknown path answers 404', async () => {
    const response = await fetch(`${clickhouse.url}/nope`)
    expect(response.status).toBe(404)
    expect(await response.text()).toContain('There is no handle /nope')
  })

  test.each([
    ['SELEC', '', 400, '62', 'SYNTAX_ERROR'],
    ['1 + 1', '', 400, '62', 'SYNTAX_ERROR'],
    ['', '', 400, '62', 'SYNTAX_ERROR'],
    ['SELECT 1; SELECT 2', '', 400, '62', 'Multi-statements are not allowed'],
    ['SELECT * FROM nope', '', 404, '60', 'UNKNOWN_TABLE'],
    ['SELECT 1', '?database=nope', 404, '81', 'UNKNOWN_DATABASE'],
    ['SELECT 1', '?max_thread=1', 404, '115', 'UNKNOWN_SETTING'],
    ['SELECT {x:String}', '', 500, '456', 'UNKNOWN_QUERY_PARAMETER'],
    ['SELECT 1 FORMAT Nope', '', 404, '73', 'UNKNOWN_FORMAT'],
    ["SELECT 1 INTO OUTFILE 'x'", '', 500, '358', 'INTO_OUTFILE_NOT_ALLOWED'],
    [
      'SELECT sum(sipHash64(number)) FROM numbers(3000000000)',
      '?max_execution_time=0.1',
      408,
      '159',
      'TIMEOUT',
    ],
    [
      'SELECT groupArray(number) FROM numbers(10000000)',
      '?max_memory_usage=1000000',
      500,
      '241',
      'MEMORY_LIMIT_EXCEEDED',
    ],
    ["SELECT * FROM file('/nope', 'CSV', 'a Int8')", '', 500, '107', 'FILE_DOESNT_EXIST'],
  ])('POST %j to %j fails with status %i and code %s', async (query, search, status, code, text) => {
    const response = await post(query, search)
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([status, code])
    expect(await response.text()).toMatch(
      new RegExp(`^Code: ${code}\\. DB::Exception: [^]*${text}[^]*\\(version 26[^)]*\\)\n$`),
    )
  })

  test('answer carries the headers of ClickHouse', async () => {
    const response = await post('SELECT number FROM numbers(3)', '?query_id=mine&default_format=CSV')
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/csv; charset=UTF-8; header=absent',
      'x-clickhouse-format': 'CSV',
      'x-clickhouse-query-id': 'mine',
      'x-clickhouse-timezone': expect.any(String),
      'x-clickhouse-server-display-name': expect.any(String),
    })
    expect(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({
      result_rows: '3',
      written_rows: '0',
      elapsed_ns: expect.stringMatching(/^\d+$/),
    })
  })

  test('GET can neither create nor insert', async () => {
    for (const query of ['CREATE TABLE g (a Int8) ENGINE = Memory', 'INSERT INTO t VALUES (1)']) {
      for (const session of ['', '&session_id=readonly']) {
        const response = await fetch(`${clickhouse.url}/?query=${encodeURIComponent(query)}${session}`)
        expect(response.headers.get('x-clickhouse-exception-code')).toBe('164')
      }
    }
  })

  test('insert has its data in the body, behind the statement of the URL or of the body', async () => {
    await post('CREATE TABLE inline (a UInt8, b String) ENGINE = Memory')
    await post('1,x\n', '?query=INSERT%20INTO%20inline%20FORMAT%20CSV')
    await post('INSERT INTO inline FORMAT JSONEachRow\n{"a":2,"b":"y"}')
    await post("INSERT INTO inline VALUES (3, 'z;'), ({a:UInt8}, upper('w'));", '?param_a=4')
    await post('VALUES (5, 5)', '?query=INSERT%20INTO%20inline')
    const response = await post('SELECT * FROM inline ORDER BY a FORMAT CSV')
    expect(await response.text()).toBe('1,"x"\n2,"y"\n3,"z;"\n4,"W"\n5,"5"\n')
  })

  test.each([
    ...['CSV', 'TSV', 'TSVRaw', 'TSKV', 'JSONEachRow', 'JSONStringsEachRow', 'JSONCompactEachRow'],
    ...['JSONCompactStringsEachRow', 'NDJSON', 'RowBinary', 'Native', 'MsgPack', 'BSONEachRow'],
  ])('format %s is the same streamed and whole', async (format) => {
    const query = `SELECT number AS n, [n, n + 1] AS a, if(n % 7 = 0, NULL, 'x\\t"\\'\\n' || n) AS s, count() AS c
      FROM numbers(200000) GROUP BY n WITH TOTALS ORDER BY n FORMAT ${format}`
    const [streamed, whole] = await Promise.all([post(query), post(query, '?wait_end_of_query=1')])
    const bytes = Buffer.from(await streamed.arrayBuffer())
    expect(bytes.length).toBeGreaterThan(1_000_000)
    expect(bytes.equals(Buffer.from(await whole.arrayBuffer()))).toBe(true)
  })

  test('settings that turn rows into a document are honoured', async () => {
    const setting = 'output_format_json_array_of_rows'
    const query = 'SELECT number AS n FROM numbers(200000) FORMAT JSONEachRow'
    const answers = await Promise.all([
      post(query, `?${setting}=1`),
      post(`${query} SETTINGS ${setting} = 1`),
    ])
    for (const answer of answers) expect(await answer.json()).toHaveLength(200_000)
  })

  test('body over the limit is refused', async () => {
    const request = openRequest(clickhouse.url, { method: 'POST', headers: { 'content-length': 2 ** 31 } })
    request.on('error', () => {
      // Our own `destroy` below.
    })
    request.write('SELECT')
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(413)
    expect(Buffer.concat(await response.toArray()).toString()).toContain(
      'Request body is larger than 1073741824 bytes',
    )
    request.destroy()
  })

  test('bodies and answers travel in gzip', async () => {
    const body = gzipSync('SELECT number FROM numbers(100000) FORMAT TSV')
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = openRequest(
        `${clickhouse.url}/?enable_http_compression=1`,
        { method: 'POST', headers: { 'content-encoding': 'gzip', 'accept-encoding': 'gzip' } },
        resolve,
      )
      request.on('error', reject)
      request.end(body)
    })
    expect(response.headers['content-encoding']).toBe('gzip')
    const lines = gunzipSync(Buffer.concat(await response.toArray())).toString()
    expect(lines).toBe(Array.from({ length: 100_000 }, (_, index) => `${index}\n`).join(''))
  })

  test.each([
    ['lzma', '89'],
    ['gzip', '271'],
  ])('body that is not in its content encoding %s is refused with code %s', async (encoding, code) => {
    const response = await post('SELECT 1', '', { 'content-encoding': encoding })
    expect(response.headers.get('x-clickhouse-exception-code')).toBe(code)
  })

  test('request from a web page of another machine is refused', async () => {
    const response = await post('SELECT 1', '', { origin: 'https://evil.example' })
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('web pages')])
  })

  test('session in use is locked for others', async () => {
    const first = post('SELECT sleep(0.5)', '?session_id=busy')
    await delay(200)
    const second = await post('SELECT 1', '?session_id=busy')
    expect(second.headers.get('x-clickhouse-exception-code')).toBe('373')
    expect((await first).status).toBe(200)
  })

  test('failure after a mebibyte ends the body with an exception block and breaks the transfer', async () => {
    const response = await openStream(
      "SELECT number, throwIf(number = 3000000, 'boom') FROM numbers(5000000)",
    )
    const chunks: Buffer[] = []
    const read = async () => {
      for await (const chunk of response) chunks.push(chunk as Buffer)
    }
    await expect(read()).rejects.toThrow('aborted')
    const tag = String(response.headers['x-clickhouse-exception-tag'])
    const text = Buffer.concat(chunks).toString()
    const block = text.slice(text.indexOf('\r\n__exception__\r\n')).split('\r\n')
    expect(response.statusCode).toBe(200)
    expect(block).toEqual(['', '__exception__', tag, expect.stringContaining('boom'), '__exception__', ''])
    const [message = '', trailer] = [
      block[3]?.slice(0, block[3].lastIndexOf('\n') + 1),
      block[3]?.split('\n').at(-1),
    ]
    expect(trailer).toBe(`${Buffer.byteLength(message)} ${tag}`)
  })

  test('client that reads slowly holds the query back, and one that leaves ends it', async () => {
    const before = serverMegabytes()
    const response = await openStream('SELECT number, sipHash64(number) FROM numbers(1000000000) FORMAT TSV')
    await once(response, 'readable')
    await delay(500)
    expect(serverMegabytes() - before).toBeLessThan(150)
    const running = () =>
      rowsOf(
        "SELECT count() FROM system.processes WHERE query LIKE '%1000000000)%' AND query NOT LIKE '%processes%'",
      )
    expect(await running()).toEqual([[1]])
    response.destroy()
    await expect.poll(running, { timeout: 10_000 }).toEqual([[0]])
  })

  test('query that makes nothing yet ends when its client leaves', async () => {
    const abort = new AbortController()
    const body = 'SELECT sum(sipHash64(number)) FROM numbers(2000000000)'
    const answer = fetch(clickhouse.url, { method: 'POST', body, signal: abort.signal })
    const running = () => rowsOf("SELECT count() FROM system.processes WHERE query LIKE '%2000000000)'")
    await expect.poll(running).toEqual([[1]])
    abort.abort()
    await expect(answer).rejects.toThrow('aborted')
    await expect.poll(running, { timeout: 5_000 }).toEqual([[0]])
  })

  test('half a body is never inserted', async () => {
    await post('CREATE TABLE half (a UInt32) ENGINE = Memory')
    const request = openRequest(`${clickhouse.url}/?query=INSERT%20INTO%20half%20FORMAT%20CSV`, {
      method: 'POST',
    })
    request.on('error', () => {
      // Our own `destroy` below.
    })
    // More than is read for the statement, so that the data is on its way to disk.
    request.write('1\n'.repeat(200_000))
    const spooled = () => readdirSync(join(dataPath, 'http-spool')).length
    await expect.poll(spooled).toBe(1)
    request.destroy()
    await expect.poll(spooled).toBe(0)
    expect(await rowsOf('SELECT count() FROM half')).toEqual([[0]])
  })
})

describe('process', () => {
  test('data survives a kill, and a second process is kept from it', async () => {
    const options = { dataPath: join(directory, 'killed'), port: 0, log: () => {} }
    const first = await startClickHouse(options)
    const query = (url: string, body: string) => fetch(url, { method: 'POST', body }).then((r) => r.text())
    await query(first.url, 'CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a')
    await query(first.url, 'INSERT INTO kept VALUES (1)')
    await expect(startClickHouse(options)).rejects.toMatchObject({
      reason: 'data-in-use',
      message: expect.stringContaining('in use by another process'),
    })
    await first.kill()
    expect(await first.exited).toBe('signal SIGKILL')
    const second = await startClickHouse(options)
    expect(await query(second.url, 'SELECT * FROM kept')).toBe('1\n')
    await second.stop()
    expect(await second.exited).toBe('exit code 0')
  })

  test('taken port is told plainly', async () => {
    const taker = createServer().listen(0, '127.0.0.1')
    await once(taker, 'listening')
    const address = taker.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(startClickHouse({ dataPath: join(directory, 'taken'), port })).rejects.toMatchObject({
      reason: 'port-taken',
      message: `ClickHouse did not start: port ${port} is already in use; set CLICKHOUSE_PORT to another`,
    })
    taker.close()
  })

  test('process tells how it ended, and ends with a query under way', async () => {
    const ends: string[] = []
    const options = { dataPath: join(directory, 'ended'), port: 0, onExit: (how: string) => ends.push(how) }
    const started = await startClickHouse(options)
    const body = 'SELECT sum(sipHash64(number)) FROM numbers(100000000000)'
    const query = fetch(started.url, { method: 'POST', body }).then(
      () => 'answered',
      () => 'broken off',
    )
    await delay(200)
    await started.stop()
    expect(await query).toBe('broken off')
    expect(ends).toEqual([await started.exited])
  })

  test('process leaves signals to its parent, and ends when that says so', async () => {
    const started = await startClickHouse({ dataPath: join(directory, 'signalled'), port: 0 })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(started.pid, signal)
    await delay(200)
    expect(await fetch(`${started.url}/ping`).then((response) => response.text())).toBe('Ok.\n')
    await started.stop()
    expect(await started.exited).toBe('exit code 0')
  })

  test('process ends with its parent, even one that is killed', async () => {
    const options = JSON.stringify({ dataPath: join(directory, 'orphan'), port: 0 })
    const script = `
      const { startClickHouse } = await import(${JSON.stringify(new URL('./process.ts', import.meta.url).href)})
      console.log((await startClickHouse(${options})).url)
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script])
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const ping = () =>
      fetch(`${line.toString().trim()}/ping`).then(
        (r) => r.text(),
        () => 'gone',
      )
    expect(await ping()).toBe('Ok.\n')
    parent.kill('SIGKILL')
    await expect.poll(ping, { timeout: 10_000 }).toBe('gone')
  })

  test('server refuses to listen beyond this machine', async () => {
    await expect(createClickHouseServer({ dataPath, port: 0, host: '0.0.0.0' })).rejects.toThrow(
      'host must be a loopback address, got 0.0.0.0',
    )
  })
})
