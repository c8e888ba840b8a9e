import { expect, test } from 'vitest'
import { ClickHouseException } from './errors.ts'
import { buildExceptionBlock } from './response.ts'

test('exception block tells the length of its message in bytes', () => {
  const block = buildExceptionBlock(
    new ClickHouseException(395, 'BOOM', 'snow ☃'),
    '26.7',
    'abcdefghijklmnop',
  )
  const message = 'Code: 395. DB::Exception: snow ☃. (BOOM) (version 26.7)\n'
  expect(block.toString()).toBe(
    `\r\n__exception__\r\nabcdefghijklmnop\r\n${message}${Buffer.byteLength(message)} abcdefghijklmnop\r\n__exception__\r\n`,
  )
})

test('exception block stays below 16 KiB', () => {
  const block = buildExceptionBlock(
    new ClickHouseException(1, 'BOOM', 'x'.repeat(100_000)),
    '26.7',
    'abcdefghijklmnop',
  )
  expect(block.length).toBeLessThan(16_384)
  expect(block.toString()).toMatch(/x\n16129 abcdefghijklmnop\r\n__exception__\r\n$/)
})
