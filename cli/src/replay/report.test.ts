import { expect, it } from 'vitest'
import { createReport } from './load.ts'
import { formatComparison, formatLoad } from './report.ts'

it('a load says only what there is to say', () => {
  expect(formatLoad({ ...createReport(), rows: 1_234, files: 1 }, 'millrace')).toBe(
    '1,234 rows of 1 file loaded into millrace\n',
  )
})

it('a load names what it did not load', () => {
  const report = {
    ...createReport(),
    forgotten: 1,
    leftOut: 2,
    failedFiles: [{ path: 'a.parquet', why: 'it is cut off' }],
    refused: [{ messageId: 'm', why: '117 INCORRECT_DATA' }],
  }
  expect(formatLoad(report, 'millrace')).toBe(`0 rows of 0 files loaded into millrace
1 event left out, because they name somebody who is forgotten
2 events left out by the transform
1 event not taken by ClickHouse
  m: 117 INCORRECT_DATA
1 file could not be read:
  a.parquet: it is cut off
`)
})

it('a comparison tells what only one side has', () => {
  const events = [
    {
      source: 'shop',
      live: 12,
      shadow: 11,
      onlyLive: 2,
      onlyShadow: 1,
      firstReceived: '2026-11-22 10:00:00.000',
      lastReceived: '2026-11-22 10:04:00.000',
      hours: 1,
    },
  ]
  const tables = [{ source: 'shop', table: 'rollup_hour', what: 'events', live: '11', shadow: '12' }]
  expect(
    formatComparison({ events, tables }),
  ).toBe(`source shop: 12 events in live, 11 from the lake; 1 hour with a difference
  2 only in live, received 2026-11-22 10:00:00.000 – 2026-11-22 10:04:00.000: not published yet, or lost by the lake
  1 only in the lake: live has lost them, or deleted them after their time
with those events, the tables differ from live:
  source  table        what    live  rebuilt
  shop    rollup_hour  events    11       12
`)
})
