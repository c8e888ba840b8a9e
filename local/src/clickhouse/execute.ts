/** Runs one request on the engine: statement from URL and body, settings and parameters, then the way to run it. */

import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { joinBody, splitBody, writePieces } from './body.ts'
import {
  type Chunk,
  type Connection,
  type Engine,
  type Format,
  isStreamable,
  isStreamRefusal,
  type Result,
} from './engine.ts'
import { ClickHouseException, parseException } from './errors.ts'
import type { QueryRequest } from './request.ts'
import type { Sessions } from './sessions.ts'
import {
  buildInsertFromFile,
  type InsertWithData,
  isReadOnly,
  isSelect,
  type PlainStatement,
  parseStatement,
  quoteIdentifier,
  quoteLiteral,
  type RefusalReason,
  type Statement,
} from './sql.ts'

/** Counts for `X-ClickHouse-Summary`, as far as the engine tells them. */
export interface Counts {
  readonly writtenRows: number
  readonly writtenBytes: number
  readonly resultRows: number
  readonly resultBytes: number
}

/** What came of a request. */
export interface Answer {
  /** The result, to be read once; reading it may still fail with a ClickHouseException. */
  readonly chunks: AsyncIterable<Chunk>
  /** Absent for statements without a result. */
  readonly format: Format | undefined
  /** Absent while the result is still being made. */
  readonly counts: Counts | undefined
}

/** What {@link execute} works with. */
export interface Executor {
  readonly engine: Engine
  readonly sessions: Sessions
  /** Directory for data on its way into the engine. */
  readonly spoolPath: string
}

// ClickHouse reads this much of a request to find the statement (default of max_query_size); what follows is data.
const MAX_QUERY_BYTES = 262_144

// Room that a `SET` leaves for itself below max_query_size.
const MAX_SET_LENGTH = 200_000

const REFUSALS: Readonly<Record<RefusalReason, readonly [code: number, type: string, message: string]>> = {
  'several-statements': [62, 'SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed)'],
  'semicolon-before-data': [62, 'SYNTAX_ERROR', "Syntax error: excessive ';' before the data of an INSERT"],
  'into-outfile': [358, 'INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed'],
  'from-infile': [78, 'UNKNOWN_TYPE_OF_QUERY', 'Query has infile and was sent directly to the server'],
}

/**
 * Runs a request and hands its answer to `send`; what the request holds (connection, session, file) is given back when
 * `send` has ended.
 *
 * @param body decoded bytes of the request body.
 * @param gone tells that nobody waits for the answer: what only reads is then cancelled, what writes goes on.
 * @throws ClickHouseException before `send` is called, or whatever `send` throws.
 */
export async function execute(
  executor: Executor,
  request: QueryRequest,
  body: AsyncIterator<Buffer>,
  gone: AbortSignal,
  send: (answer: Answer) => Promise<void>,
): Promise<void> {
  const { statement, bytes, rest } = await readStatement(request.query, body)
  if (statement.kind === 'empty')
    throw new ClickHouseException(62, 'SYNTAX_ERROR', 'Syntax error: Empty query')
  if (statement.kind === 'refused') {
    const [code, type, message] = REFUSALS[statement.reason]
    throw new ClickHouseException(code, type, `${message}: failed at position ${statement.at + 1}`)
  }
  if (statement.kind === 'plain') {
    await withConnection(executor, request, statement, async (connection) => {
      const cancel = () => connection.cancel()
      if (isReadOnly(statement)) gone.addEventListener('abort', cancel)
      try {
        await runPlain(executor.engine, connection, request, statement, bytes.toString(), send)
      } finally {
        gone.removeEventListener('abort', cancel)
      }
    })
    return
  }
  const path = join(executor.spoolPath, `${randomUUID()}.data`)
  try {
    await writePieces(path, bytes.subarray(statement.dataAt), rest)
    await withConnection(executor, request, statement, async (connection) =>
      send(wholeAnswer(await runInsert(connection, statement, bytes, path), undefined, 'written')),
    )
  } finally {
    await rm(path, { force: true })
  }
}

interface ReadStatement {
  readonly statement: Statement
  /** The statement, and the beginning of its data when it has data. Its offsets are the statement's. */
  readonly bytes: Buffer
  /** Data that follows `bytes`. */
  readonly rest: AsyncIterable<Buffer>
}

/** The statement is the URL's `query`, a line end and the body. Only inserts may be longer than ClickHouse's limit. */
async function readStatement(query: string, body: AsyncIterator<Buffer>): Promise<ReadStatement> {
  const prefix = Buffer.from(query === '' ? '' : `${query}\n`)
  const split = await splitBody(body, MAX_QUERY_BYTES)
  const head = Buffer.concat([prefix, split.head])
  const statement = parseStatement(head.toString('latin1'))
  const isCut = !split.isWhole && !(statement.kind === 'insert-with-data' && statement.dataAt < head.length)
  if (!isCut) return { statement, bytes: head, rest: split.rest }
  const bytes = Buffer.concat([prefix, await joinBody(split)])
  return { statement: parseStatement(bytes.toString('latin1')), bytes, rest: split.rest }
}

async function runInsert(
  connection: Connection,
  statement: InsertWithData,
  bytes: Buffer,
  path: string,
): Promise<Result> {
  // Offsets count bytes, so the rewriting is done on bytes too: latin1 has one character for each.
  const text = bytes.subarray(0, statement.dataAt).toString('latin1')
  const sql = buildInsertFromFile(text, statement, Buffer.from(path).toString('latin1'))
  try {
    return await connection.run(Buffer.from(sql, 'latin1').toString())
  } catch (error) {
    // The file is ours; to the client its data came with the request.
    const { code, type, message } = parseException(error)
    const told = message
      .replaceAll(`: (in file/uri ${path})`, '')
      .replace(
        ': While executing File: data for INSERT was parsed from file',
        ': data for INSERT was parsed from query',
      )
    throw new ClickHouseException(code, type, told, { cause: error })
  }
}

async function runPlain(
  engine: Engine,
  connection: Connection,
  request: QueryRequest,
  statement: PlainStatement,
  sql: string,
  send: (answer: Answer) => Promise<void>,
): Promise<void> {
  const named = engine.formats.get((statement.format ?? '').toLowerCase())
  const format = named ?? engine.formats.get(request.defaultFormat.toLowerCase())
  const settingNames = request.settings.map(([name]) => name)
  if (
    isSelect(statement) &&
    format !== undefined &&
    !request.waitsForEnd &&
    isStreamable(format.name, sql, settingNames)
  ) {
    const chunks = connection.stream(sql, format.name)[Symbol.asyncIterator]()
    try {
      const first = await chunks.next()
      await send({ chunks: prepend(first, chunks), format, counts: undefined })
      return
    } catch (error) {
      if (!isStreamRefusal(error)) throw error
    } finally {
      await chunks.return?.()
    }
  }
  const result = await connection.run(sql, format?.name ?? request.defaultFormat)
  const hasResult = isSelect(statement) || result.bytes.length > 0
  await send(wholeAnswer(result, hasResult ? format : undefined, 'result'))
}

function wholeAnswer(result: Result, format: Format | undefined, counts: 'written' | 'result'): Answer {
  const isWritten = counts === 'written'
  return {
    chunks: prepend({ done: false, value: result }, undefined),
    format,
    counts: {
      writtenRows: isWritten ? result.rowCount : 0,
      writtenBytes: isWritten ? result.byteCount : 0,
      resultRows: result.rowCount,
      resultBytes: result.byteCount,
    },
  }
}

async function* prepend(
  first: IteratorResult<Chunk>,
  rest: AsyncIterator<Chunk> | undefined,
): AsyncGenerator<Chunk> {
  let next: IteratorResult<Chunk> | undefined = first
  while (next !== undefined && next.done !== true) {
    yield next.value
    next = await rest?.next()
  }
}

/** Runs `use` on a connection that has the request's settings, and on a named session takes them back afterwards. */
async function withConnection(
  { engine, sessions }: Executor,
  request: QueryRequest,
  statement: Statement,
  use: (connection: Connection) => Promise<void>,
): Promise<void> {
  if (request.session === undefined) {
    const connection = engine.connect()
    try {
      await configure(connection, request)
      // Last, because nothing can be set after it. 2 is what ClickHouse sets for GET: settings may differ, data not.
      if (request.isReadOnly) await connection.run('SET readonly = 2')
      await use(connection)
    } finally {
      connection.close()
    }
    return
  }
  if (request.isReadOnly && !isReadOnly(statement)) {
    // `readonly` cannot be taken back, so a session is guarded from outside.
    throw new ClickHouseException(164, 'READONLY', 'Cannot execute query in readonly mode')
  }
  const connection = sessions.acquire(request.session)
  try {
    const restore = await remember(connection, request)
    try {
      await configure(connection, request)
      await use(connection)
    } finally {
      for (const sql of restore) await connection.run(sql)
    }
  } finally {
    sessions.release(request.session)
  }
}

async function configure(connection: Connection, request: QueryRequest): Promise<void> {
  const params = request.params.map(([name, value]) => [`param_${name}`, value] as const)
  if (params.length > 0) await setParams(connection, buildSet(params))
  if (request.database !== undefined) await connection.run(`USE ${quoteIdentifier(request.database)}`)
  if (request.settings.length > 0) await connection.run(buildSet(request.settings))
}

async function setParams(connection: Connection, sql: string): Promise<void> {
  if (sql.length <= MAX_SET_LENGTH) {
    await connection.run(sql)
    return
  }
  await connection.run(`SET max_query_size = ${Buffer.byteLength(sql) + MAX_QUERY_BYTES}`)
  await connection.run(sql)
  await connection.run('SET max_query_size = DEFAULT')
}

/** Statements that undo what {@link configure} is about to do. Parameters cannot be unset and stay in the session. */
async function remember(connection: Connection, request: QueryRequest): Promise<string[]> {
  const restore: string[] = []
  if (request.settings.length > 0) {
    const names = request.settings.map(([name]) => quoteLiteral(name)).join(', ')
    const sql = `SELECT name, value FROM system.settings WHERE name IN (${names})`
    const { bytes } = await connection.run(sql, 'JSONCompactEachRow')
    const lines = Buffer.from(bytes).toString().trim().split('\n').filter(Boolean)
    const values = lines.map((line) => JSON.parse(line) as [string, string])
    if (values.length > 0) restore.push(buildSet(values))
  }
  if (request.database !== undefined) {
    const { bytes } = await connection.run('SELECT currentDatabase()', 'RawBLOB')
    restore.push(`USE ${quoteIdentifier(Buffer.from(bytes).toString())}`)
  }
  return restore
}

function buildSet(entries: readonly (readonly [name: string, value: string])[]): string {
  return `SET ${entries.map(([name, value]) => `${quoteIdentifier(name)} = ${quoteLiteral(value)}`).join(', ')}`
}
