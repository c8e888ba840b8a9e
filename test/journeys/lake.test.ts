/** From the browser's request to the lake: posted, published by the cron, read by DuckDB, compared, exported, forgotten. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { bytesOf, openLakeFile } from '@millrace/schemas/lake'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../support/command.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

let stack: TestStack
let folder: string
beforeAll(async () => {
  stack = await startTestStack()
  folder = await mkdtemp(join(tmpdir(), 'millrace-lake-'))
})
afterAll(async () => {
  await stack.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Copies what is published to a folder, and asks DuckDB. */
async function ask(sql: string): Promise<unknown[]> {
  await rm(join(folder, 'events'), { recursive: true, force: true })
  for (const key of await stack.worker.listObjects('events/')) {
    await mkdir(dirname(join(folder, key)), { recursive: true })
    await writeFile(join(folder, key), new Uint8Array((await stack.worker.readBytes(key)) ?? []))
  }
  const duckdb = await (await DuckDBInstance.create()).connect()
  const glob = `read_parquet('${folder}/events/**/*.parquet', hive_partitioning = true)`
  const result = await duckdb.runAndReadAll(sql.replace('lake', glob))
  return result.getRowObjectsJson()
}

const event = (messageId: string, more: object = {}) => ({
  messageId,
  type: 'track',
  event: 'Product Viewed',
  anonymousId: `anonymous of ${messageId.slice(0, 1)}`,
  originalTimestamp: '2026-11-21T10:20:30.400Z',
  properties: { price: 9.5, name: 'Wanderschuh 👟' },
  ...more,
})

const millrace = (args: string[]) => runCommand(process.execPath, ['cli/src/index.ts', ...args])

const post = async (batch: object[]) => {
  const sentAt = '2026-11-21T10:20:31.000Z'
  expect((await stack.post({ batch, sentAt })).status).toBe(200)
}

const partCount = async () => (await stack.worker.listObjects('parts/source=dev/')).length

describe('an event', () => {
  it('that is posted is in ClickHouse and, after the cron, once in the lake', async () => {
    await post([event('a-1'), event('a-2', { userId: 'u1' }), event('b-1', { originalTimestamp: undefined })])
    await post([event('a-1'), event('c-1', { originalTimestamp: '2026-11-20T23:59:59.999Z' })])
    // In one queue batch or in two: published when both have come.
    await waitFor(async () => {
      await stack.worker.triggerCron()
      const [counted] = await ask('SELECT count(*) AS rows, count(DISTINCT message_id) AS ids FROM lake')
      expect(counted).toEqual({ rows: '4', ids: '4' })
      return (await partCount()) === 0
    })
    const rows = await ask(
      "SELECT message_id, source, date::VARCHAR AS date, hour, event, properties->>'name' AS name, user_id FROM lake WHERE date < '2026-11-22' ORDER BY message_id",
    )
    const shared = { source: 'dev', event: 'Product Viewed', name: 'Wanderschuh 👟' }
    expect(rows).toEqual([
      { ...shared, message_id: 'a-1', date: '2026-11-21', hour: '10', user_id: '' },
      { ...shared, message_id: 'a-2', date: '2026-11-21', hour: '10', user_id: 'u1' },
      { ...shared, message_id: 'c-1', date: '2026-11-20', hour: '23', user_id: '' },
    ])
  })

  it('has the same values in both', async () => {
    const columns = 'message_id, type, event, anonymous_id, user_id, route, page_path, library_name, seq'
    const times = (epoch: (column: string) => string) =>
      ['timestamp', 'original_timestamp', 'received_at']
        .map((column) => `${epoch(column)} AS ${column}`)
        .join(', ')
    const theirs = await stack.query(
      `SELECT ${columns}, ${times((column) => `toString(toUnixTimestamp64Milli(${column}))`)} FROM events FINAL ORDER BY message_id`,
    )
    const ours = await ask(
      `SELECT ${columns}, ${times((column) => `epoch_ms(${column})::VARCHAR`)} FROM lake ORDER BY message_id`,
    )
    expect(ours).toEqual(theirs)
  })

  it('is compared by hour', async () => {
    await stack.worker.triggerCron()
    const rows = await stack.query(
      "SELECT status, toString(sum(lake_events)) AS lake, toString(sum(warehouse_events)) AS warehouse FROM lake_reconciliations FINAL WHERE status != 'compared' GROUP BY status",
    )
    expect(rows).toEqual([{ status: 'equal', lake: '4', warehouse: '4' }])
  })

  it('is exported by command, and listed in the manifest', async () => {
    const out = join(folder, 'out')
    const exported = await millrace([
      'export',
      '--source',
      'dev',
      '--out',
      out,
      '--endpoint',
      stack.worker.url,
    ])
    expect([exported.code, exported.stderr]).toEqual([0, expect.any(String)])
    const [key = ''] = (await stack.worker.listObjects('events/source=dev/date=2026-11-21/')).filter((name) =>
      name.endsWith('.parquet'),
    )
    const content = await stack.worker.readBytes(key)
    const file = await openLakeFile(bytesOf(new Uint8Array(content ?? []).buffer))
    expect(file.metadata).toMatchObject({ 'millrace.source': 'dev', 'millrace.buckets': '1' })
  })

  it('of a person who is forgotten leaves the lake', async () => {
    const flags = ['--source', 'dev', '--clickhouse-url', stack.clickhouseUrl]
    const forgotten = await millrace(['forget', '--user', 'u1', ...flags, '--yes'])
    expect(forgotten.code, forgotten.stderr).toBe(0)
    await stack.worker.triggerCron()
    const rows = await ask('SELECT message_id FROM lake ORDER BY message_id')
    expect(rows).toEqual([{ message_id: 'b-1' }, { message_id: 'c-1' }])
    const listed = await millrace(['forget', '--list', ...flags])
    expect(listed.stdout).toMatch(
      /rewritten without \d rows?: events\/source=dev\/date=2026-11-21\/hour=10\//,
    )
    expect(listed.stdout).not.toContain('open in the lake')
  })
})
