/** Tells what an answer of ClickHouse means for the rows that were sent, and says it without repeating what they hold. */

/** ClickHouse, or a server before it, did not take an insert. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  /** ClickHouse's number, `252`, or of a server before it `HTTP_503`. */
  readonly code: string
  /** ClickHouse's name of the code, `TOO_MANY_PARTS`; absent when another server answered. */
  readonly type: string | undefined

  constructor(code: string, type: string | undefined, message: string) {
    super(message)
    this.code = code
    this.type = type
  }
}

/**
 * Codes that blame the data: the same bytes will be refused again. Everything else (network, overload, read-only, a
 * missing table, wrong password) is ours to mend, and the rows wait.
 *
 * Source: ClickHouse `src/Common/ErrorCodes.cpp`, checked November 2026.
 */
const DATA_ERROR_CODES: ReadonlySet<string> = new Set([
  '6', // CANNOT_PARSE_TEXT
  '25', // CANNOT_PARSE_ESCAPE_SEQUENCE
  '26', // CANNOT_PARSE_QUOTED_STRING
  '27', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  '33', // CANNOT_READ_ALL_DATA
  '38', // CANNOT_PARSE_DATE
  '41', // CANNOT_PARSE_DATETIME
  '53', // TYPE_MISMATCH
  '69', // ARGUMENT_OUT_OF_BOUND
  '70', // CANNOT_CONVERT_TYPE
  '72', // CANNOT_PARSE_NUMBER
  '117', // INCORRECT_DATA
  '128', // TOO_LARGE_ARRAY_SIZE
  '131', // TOO_LARGE_STRING_SIZE
  '190', // SIZES_OF_ARRAYS_DONT_MATCH
  '306', // TOO_DEEP_RECURSION
  '321', // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  '349', // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  '469', // VIOLATED_CONSTRAINT
])

/**
 * Codes that say ClickHouse has too much to do, or cannot write just now: the same insert succeeds once that is over, and
 * every try before makes it worse.
 */
const PRESSURE_CODES: ReadonlySet<string> = new Set([
  '159', // TIMEOUT_EXCEEDED
  '160', // TOO_SLOW
  '164', // READONLY
  '173', // CANNOT_ALLOCATE_MEMORY
  '201', // QUOTA_EXCEEDED
  '202', // TOO_MANY_SIMULTANEOUS_QUERIES
  '203', // NO_FREE_CONNECTION
  '209', // SOCKET_TIMEOUT
  '225', // NO_ZOOKEEPER
  '241', // MEMORY_LIMIT_EXCEEDED
  '242', // TABLE_IS_READ_ONLY
  '243', // NOT_ENOUGH_SPACE
  '252', // TOO_MANY_PARTS
  '285', // TOO_FEW_LIVE_REPLICAS
  '286', // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  '319', // UNKNOWN_STATUS_OF_INSERT
  '394', // QUERY_WAS_CANCELLED
  '439', // CANNOT_SCHEDULE_TASK
  '745', // SERVER_OVERLOADED
  '749', // TCP_CONNECTION_LIMIT_REACHED
  '762', // HTTP_CONNECTION_LIMIT_REACHED
  '776', // RESOURCE_LIMIT_EXCEEDED
  '999', // KEEPER_EXCEPTION
  // Of a proxy or load balancer.
  'HTTP_408',
  'HTTP_429',
  'HTTP_502',
  'HTTP_503',
  'HTTP_504',
])

/** Longest error text. */
const MAX_LENGTH = 200

/** Whether an error blames the data that was sent. */
export function isDataError(error: unknown): boolean {
  const code = readField(error, 'code')
  return code !== undefined && DATA_ERROR_CODES.has(code)
}

/** Whether an error says that ClickHouse is under pressure, or that it did not answer in time. */
export function isPressure(error: unknown): boolean {
  const code = readField(error, 'code')
  if (code !== undefined) return PRESSURE_CODES.has(code)
  return error instanceof Error && error.name === 'TimeoutError'
}

/**
 * Reads the answer to its end.
 *
 * @throws RefusedError unless it says that the insert succeeded
 */
export async function requireSuccess(response: Response): Promise<void> {
  const text = await response.text()
  const code = response.headers.get('X-ClickHouse-Exception-Code')
  if (code !== null) {
    // `Code: 252. DB::Exception: Too many parts ... (TOO_MANY_PARTS) (version 26.7.2.1)`; data may be quoted in between.
    const [, message = '', type = 'UNKNOWN_EXCEPTION'] =
      /Exception: (.*) \(([A-Z0-9_]+)\) \(version .*$/s.exec(text) ?? []
    throw new RefusedError(code, type, message)
  }
  if (!response.ok) {
    throw new RefusedError(`HTTP_${response.status}`, undefined, 'not an answer of ClickHouse')
  }
}

/**
 * An error in words that may be logged: `117 INCORRECT_DATA: Cannot parse JSON object here`. ClickHouse quotes the data
 * it stumbles over, always after a quotation mark or a brace, so the text ends there.
 */
export function describeError(error: unknown): string {
  const code = readField(error, 'code')
  const type = readField(error, 'type')
  const message = error instanceof Error ? error.message : String(error)
  if (type === undefined) return `${code === undefined ? '' : `${code}: `}${message}`.slice(0, MAX_LENGTH)
  const [unquoted = ''] = message.split(/["'{]/, 1)
  return `${code ?? ''} ${type}: ${unquoted}`.slice(0, MAX_LENGTH).trim()
}

function readField(error: unknown, name: 'code' | 'type'): string | undefined {
  const value =
    typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined
  return typeof value === 'string' ? value : undefined
}
