import { expect, it } from 'vitest'
import { isNoClickHouseUrl, NO_CLICKHOUSE_URL } from './no-clickhouse-url.ts'

it.each([
  [NO_CLICKHOUSE_URL, true],
  ['https://db.example.invalid', true],
  ['https://clickhouse.example:8443', false],
  ['https://invalid.example', false],
  ['undefined', false],
  ['', false],
])('%j stands for no address: %s', (url, expected) => expect(isNoClickHouseUrl(url)).toBe(expected))
