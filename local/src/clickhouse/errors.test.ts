import { expect, test } from 'vitest'
import { ClickHouseException, formatException, parseException, statusOf } from './errors.ts'

test.each([
  ['Code: 60. DB::Exception: No t. (UNKNOWN_TABLE)', 60, 'UNKNOWN_TABLE', 'No t'],
  ['Query failed: Code: 60. DB::Exception: No t. (UNKNOWN_TABLE)', 60, 'UNKNOWN_TABLE', 'No t'],
  [
    'Code: 73. DB::Exception: Code: 73. DB::Exception: Unknown format. (UNKNOWN_FORMAT) (version 26.7.2.1). (UNKNOWN_FORMAT)',
    73,
    'UNKNOWN_FORMAT',
    'Unknown format',
  ],
  [
    'Code: 33. DB::Exception: Cannot read all (2) of it. (CANNOT_READ_ALL_DATA) (version 26.7.2.1 (official build))',
    33,
    'CANNOT_READ_ALL_DATA',
    'Cannot read all (2) of it',
  ],
  [
    'Code: 27. DB::Exception: bad "x":\n (at row 2)\n. (CANNOT_PARSE)',
    27,
    'CANNOT_PARSE',
    'bad "x":\n (at row 2)\n',
  ],
  ['The session is closed', 1002, 'UNKNOWN_EXCEPTION', 'The session is closed'],
])('exception %j is read as code %i', (text, code, type, message) => {
  expect(parseException(new Error(text))).toMatchObject({ code, type, message })
})

test('exception of our own passes unchanged', () => {
  const exception = new ClickHouseException(164, 'READONLY', 'no')
  expect(parseException(exception)).toBe(exception)
})

test('exception has the text that the official client parses', () => {
  const exception = new ClickHouseException(60, 'UNKNOWN_TABLE', 'No t')
  expect(formatException(exception, '26.7.2.1')).toBe(
    'Code: 60. DB::Exception: No t. (UNKNOWN_TABLE) (version 26.7.2.1)',
  )
})

test.each([
  ['SYNTAX_ERROR', 400],
  ['UNKNOWN_TABLE', 404],
  ['ACCESS_DENIED', 403],
  ['TIMEOUT_EXCEEDED', 408],
  ['QUERY_IS_TOO_LARGE', 413],
  ['NOT_IMPLEMENTED', 501],
  ['READONLY', 500],
])('exception %s has status %i', (type, status) => {
  expect(statusOf(new ClickHouseException(1, type, ''))).toBe(status)
})
