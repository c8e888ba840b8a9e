/** Tells what a ClickHouse error means for the rows that were sent, and says it without repeating what they hold. */

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

/** Longest error text. */
const MAX_LENGTH = 200

/** Whether an error of the official client blames the data that was sent. */
export function isDataError(error: unknown): boolean {
  const code = readField(error, 'code')
  return code !== undefined && DATA_ERROR_CODES.has(code)
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
