/** Turns what the engine reports into ClickHouse's own error text and HTTP status; it knows nothing of requests. */

/** An error as ClickHouse tells it: a number, a name and a sentence. */
export class ClickHouseException extends Error {
  /** Number of the error, 60 for an unknown table. */
  readonly code: number
  /** Name of the error, `UNKNOWN_TABLE`. */
  readonly type: string

  /** @param message the sentence alone, without `Code:` before it and the name behind it. */
  constructor(code: number, type: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ClickHouseException'
    this.code = code
    this.type = type
  }
}

// Source: ClickHouse src/Server/HTTP/exceptionCodeToHTTPStatus.cpp (read November 2026). Anything else is a 500,
// READONLY, UNKNOWN_QUERY_PARAMETER and SESSION_IS_LOCKED among them.
const STATUS_TYPES: readonly (readonly [status: number, types: string])[] = [
  [401, 'REQUIRED_PASSWORD'],
  [403, 'UNKNOWN_USER WRONG_PASSWORD AUTHENTICATION_FAILED SET_NON_GRANTED_ROLE ACCESS_DENIED'],
  [
    400,
    'BAD_ARGUMENTS CANNOT_COMPILE_REGEXP CANNOT_PARSE_TEXT CANNOT_PARSE_ESCAPE_SEQUENCE CANNOT_PARSE_QUOTED_STRING ' +
      'CANNOT_PARSE_DATE CANNOT_PARSE_DATETIME CANNOT_PARSE_NUMBER CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING ' +
      'CANNOT_PARSE_IPV4 CANNOT_PARSE_IPV6 CANNOT_PARSE_INPUT_ASSERTION_FAILED CANNOT_PARSE_UUID DUPLICATE_COLUMN ' +
      'ILLEGAL_COLUMN UNKNOWN_ELEMENT_IN_AST UNKNOWN_TYPE_OF_AST_NODE THERE_IS_NO_COLUMN TOO_DEEP_AST TOO_BIG_AST ' +
      'UNEXPECTED_AST_STRUCTURE SYNTAX_ERROR INCORRECT_DATA TYPE_MISMATCH VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE',
  ],
  [
    404,
    'UNKNOWN_TABLE UNKNOWN_FUNCTION UNKNOWN_IDENTIFIER UNKNOWN_TYPE UNKNOWN_STORAGE UNKNOWN_DATABASE ' +
      'UNKNOWN_SETTING UNKNOWN_DIRECTION_OF_SORTING UNKNOWN_AGGREGATE_FUNCTION UNKNOWN_FORMAT ' +
      'UNKNOWN_DATABASE_ENGINE UNKNOWN_TYPE_OF_QUERY UNKNOWN_ROLE',
  ],
  [408, 'TIMEOUT_EXCEEDED'],
  [411, 'HTTP_LENGTH_REQUIRED'],
  [413, 'QUERY_IS_TOO_LARGE'],
  [415, 'UNSUPPORTED_MEDIA_TYPE'],
  [501, 'NOT_IMPLEMENTED'],
  [503, 'SOCKET_TIMEOUT CANNOT_OPEN_FILE CANNOT_SCHEDULE_TASK'],
]

const STATUS_BY_TYPE: ReadonlyMap<string, number> = new Map(
  STATUS_TYPES.flatMap(([status, types]) => types.split(' ').map((type) => [type, status] as const)),
)

const PREFIX = /^(?:Query failed: )?Code: (\d+)\. DB::Exception: /
const SUFFIX = /\.? \(([A-Z][A-Z0-9_]*)\)(?: \(version [^()]*(?:\([^()]*\))?\))?$/

/** The HTTP status that ClickHouse gives an error of this name. */
export function statusOf(exception: ClickHouseException): number {
  return STATUS_BY_TYPE.get(exception.type) ?? 500
}

/**
 * Reads an error of the engine. The engine wraps an error once per layer it passes (`Code: 33. DB::Exception:
 * Code: 33. DB::Exception: ...`); only the innermost sentence is kept.
 *
 * @param error whatever was thrown; what is no ClickHouse error becomes code 1002, `UNKNOWN_EXCEPTION`.
 */
export function parseException(error: unknown): ClickHouseException {
  if (error instanceof ClickHouseException) return error
  let message = (error instanceof Error ? error.message : String(error)).trim()
  let code: number | undefined
  for (let match = PREFIX.exec(message); match !== null; match = PREFIX.exec(message)) {
    code ??= Number(match[1])
    message = message.slice(match[0].length)
  }
  let type: string | undefined
  for (let match = SUFFIX.exec(message); match !== null; match = SUFFIX.exec(message)) {
    // The name nearest to the end belongs to the outermost layer, and so does the code above.
    type ??= match[1]
    message = message.slice(0, match.index)
  }
  const options = { cause: error }
  if (code === undefined) return new ClickHouseException(1002, 'UNKNOWN_EXCEPTION', message, options)
  return new ClickHouseException(code, type ?? 'UNKNOWN_EXCEPTION', message, options)
}

/**
 * The text that ClickHouse sends: `Code: 60. DB::Exception: ... (UNKNOWN_TABLE) (version 26.7.2.1)`, one line end
 * excluded.
 */
export function formatException(exception: ClickHouseException, version: string): string {
  return `Code: ${exception.code}. DB::Exception: ${exception.message}. (${exception.type}) (version ${version})`
}
