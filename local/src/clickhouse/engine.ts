/** Adapter of the in-process engine (chdb): connections, whole and streamed results, inserts from files. */

import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { drainPending, Session } from 'chdb'
import { ClickHouseException, parseException } from './errors.ts'
import { quoteLiteral } from './sql.ts'

/** An output format of the engine. */
export interface Format {
  /** The name in its usual spelling, `JSONEachRow`. */
  readonly name: string
  /** What ClickHouse sends as `Content-Type`. */
  readonly contentType: string
}

/** A whole result. */
export interface Result {
  readonly bytes: Uint8Array
  /** Rows of the result; for an insert from a file, rows written. */
  readonly rowCount: number
  /** Their size inside the engine, in bytes; not the length of `bytes`. */
  readonly byteCount: number
}

/** A piece of a streamed result. */
export interface Chunk {
  readonly bytes: Uint8Array
  readonly rowCount: number
}

/** One connection: settings, parameters, current database and temporary tables are its own. */
export interface Connection {
  /**
   * Runs a statement to its end.
   *
   * @param format used unless the statement names one; its spelling does not matter.
   * @throws ClickHouseException
   */
  run(sql: string, format?: string): Promise<Result>
  /**
   * Runs a `SELECT` and yields its result as it is produced, in memory that does not grow with it. Ending the iteration
   * early cancels the query at its next block. The engine formats each chunk by itself, so this is for the formats in
   * {@link isStreamable} only. One stream at a time for a connection.
   *
   * @throws ClickHouseException from the iteration; code 36 with nothing yielded when the statement is no `SELECT`.
   */
  stream(sql: string, format: string): AsyncIterable<Chunk>
  /** Asks the engine to end what runs on this connection, which then fails with code 394. Never throws. */
  cancel(): void
  /** Ends the connection once what runs on it has ended. Idempotent, never throws. */
  close(): void
}

/** The engine, opened on a data directory. */
export interface Engine {
  /** Version of ClickHouse, `26.7.2.1`. */
  readonly version: string
  /** Time zone of the engine, `Etc/UTC`. */
  readonly timezone: string
  /** Output formats by name in lower case. */
  readonly formats: ReadonlyMap<string, Format>
  /** Opens a connection; takes a fraction of a millisecond. */
  connect(): Connection
  /** Ends the engine when all that runs has ended. Connections must be closed before. */
  close(): Promise<void>
}

/** Another process has the data directory open. */
export class DataInUseError extends Error {
  override readonly name = 'DataInUseError'
}

// Formats whose output for several blocks is the concatenation of the output for each: no header, footer or state
// between rows. Compared against the buffered output of chdb 3.4.0 over 200,000 rows, with totals and with extremes.
const STREAMABLE = new Set(
  (
    'csv tsv tabseparated tsvraw tabseparatedraw raw tskv jsoneachrow jsonlines jsonl ndjson jsonstringseachrow ' +
    'jsoncompacteachrow jsoncompactstringseachrow rowbinary native msgpack bsoneachrow'
  ).split(' '),
)

// These turn JSONEachRow into one document.
const DOCUMENT_SETTINGS = ['output_format_json_array_of_rows']

/**
 * Whether results in a format may be streamed.
 *
 * @param sql the statement with its own settings, looked at for settings that give the format a header and footer.
 */
export function isStreamable(format: string, sql: string, settings: Iterable<string>): boolean {
  const used = new Set(settings)
  return (
    STREAMABLE.has(format.toLowerCase()) &&
    !DOCUMENT_SETTINGS.some((setting) => used.has(setting) || sql.includes(setting))
  )
}

/** Whether the engine refused to stream a statement, having done nothing. */
export function isStreamRefusal(error: unknown): boolean {
  return error instanceof ClickHouseException && error.message.startsWith('Streaming query is not supported')
}

/**
 * Opens a data directory, creating it when absent. A process can have one open; so can a directory.
 *
 * @throws DataInUseError when another process has it open.
 */
export function createEngine(dataPath: string): Engine {
  const path = resolve(dataPath)
  mkdirSync(path, { recursive: true })
  const keeper = openSession(path, 'keeper')
  const [version = '', timezone = ''] = keeper.query('SELECT version(), timezone()', 'TSV').trim().split('\t')
  const listed = keeper.query('SELECT name, content_type FROM system.formats WHERE is_output', 'TSV').trim()
  const formats = new Map<string, Format>()
  for (const line of listed.split('\n')) {
    const [name = '', contentType = ''] = line.split('\t')
    formats.set(name.toLowerCase(), { name, contentType })
  }
  let connectionCount = 0
  const connect = (): Connection => {
    connectionCount += 1
    const mark = `connection ${connectionCount}`
    return createConnection(openSession(path, mark), () => killQueries(connect(), mark))
  }
  return {
    version,
    timezone,
    formats,
    connect,
    close: async () => {
      await drainPending()
      keeper.close()
    },
  }
}

function openSession(path: string, mark: string): Session {
  // clickhouse-local, which chdb is, lets `1 + 1` stand for `SELECT 1 + 1`; a server does not. The mark is how
  // `killQueries` knows a connection's queries.
  const connectionArgs = ['--implicit_select=0', `--log_comment=${mark}`]
  try {
    return new Session(path, { connectionArgs })
  } catch (error) {
    const owner = findOwner(path)
    if (owner === undefined) throw error
    const message = `the data in ${path} is in use by another process (${owner}); stop that one first`
    throw new DataInUseError(message, { cause: error })
  }
}

/** The id of the other process that has a data directory open. The engine says so on standard error only. */
function findOwner(path: string): number | undefined {
  let pid: number
  try {
    pid = Number(/^PID: (\d+)/m.exec(readFileSync(join(path, 'status'), 'utf8'))?.[1])
    process.kill(pid, 0)
  } catch {
    // No such file, or no such process: whatever failed, it is not a lock.
    return undefined
  }
  return pid === process.pid ? undefined : pid
}

async function killQueries(connection: Connection, mark: string): Promise<void> {
  try {
    await connection.run(`KILL QUERY WHERE Settings['log_comment'] = ${quoteLiteral(mark)}`)
  } finally {
    connection.close()
  }
}

function createConnection(session: Session, kill: () => Promise<void>): Connection {
  return {
    async run(sql, format = 'TabSeparated') {
      try {
        const result = await session.queryAsync(sql, { format: spell(format) })
        return { bytes: result.bytes(), rowCount: result.rowsRead, byteCount: result.bytesRead }
      } catch (error) {
        throw parseException(error)
      }
    },
    async *stream(sql, format) {
      try {
        for await (const chunk of session.queryStream(sql, { format: spell(format) })) {
          yield { bytes: chunk.raw(), rowCount: chunk.numRows }
        }
      } catch (error) {
        throw parseException(error)
      }
    },
    cancel() {
      kill().catch(() => {
        // Nobody waits for it: a query that is not killed ends by itself.
      })
    },
    close: () => session.close(),
  }
}

/** chdb gives the format `arrow` in lower case a meaning of its own. */
function spell(format: string): string {
  return format === 'arrow' ? 'Arrow' : format
}
