/** An upgrade as an operator does it: the command in a process of its own, on the real engine with rows of an earlier release. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClickHouseProcess, startClickHouse } from '../../local/src/clickhouse/process.ts'
import { createRun, migrate, readMigrations } from '../../local/src/migrate.ts'
import { runCommand } from '../support/command.ts'

/** The release before the warehouse. */
const EARLIER = readMigrations().filter(({ version }) => version < 4)

let directory: string
let clickhouse: ClickHouseProcess
let configPath: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-migrate-'))
  configPath = join(directory, 'millrace.config.mjs')
  clickhouse = await startClickHouse({ dataPath: join(directory, 'data'), port: 0 })
  await migrate(clickhouse.url, { migrations: EARLIER })
  // 1,000 events of a hundred days, ten a day.
  await query(`
    INSERT INTO events (source, message_id, type, event, timestamp, original_timestamp, received_at, anonymous_id, context)
    SELECT 'shop', toString(number), 'page', 'page', now() - toIntervalDay(intDiv(number, 10)) AS t, t, t, 'a', '{}' FROM numbers(1000)`)
  await configure({})
})
afterAll(async () => {
  await clickhouse.stop()
  await rm(directory, { recursive: true, force: true })
})

function query<Row = { count: number }>(sql: string): Promise<Row[]> {
  return createRun(clickhouse.url, 'millrace')<Row>(sql)
}

async function configure(retention: object): Promise<void> {
  const sources = [{ name: 'shop', writeKeys: ['wk_shop'], retention }]
  await writeFile(configPath, `export default ${JSON.stringify({ sources })}\n`)
}

function millrace(...args: string[]) {
  const where = ['--clickhouse-url', clickhouse.url, '--config', configPath]
  return runCommand(process.execPath, ['cli/bin/millrace.mjs', 'migrate', ...args, ...where])
}

it('status says what is applied and what is pending', async () => {
  const { code, stdout } = await millrace('status')
  expect(code).toBe(0)
  expect(stdout).toMatch(/0003_quarantine_identity\.sql +applied .* UTC\n +0004_warehouse\.sql +pending\n/)
  expect(stdout).toMatch(/to do: millrace migrate\n$/)
})

it('a dry run prints the statements, which one would ask, and changes nothing', async () => {
  const before = await query('SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()')
  await configure({ eventsDays: 30 })
  const { code, stdout } = await millrace('--dry-run')
  await configure({})
  expect(code).toBe(0)
  expect(stdout).toMatch(/^-- 0004_warehouse\.sql\nCREATE TABLE IF NOT EXISTS events_0004\n/)
  expect(stdout).toContain('\nEXCHANGE TABLES events AND events_0004;\n')
  expect(stdout).toMatch(
    /-- asks first: retention deletes rows .* of events .*\nALTER TABLE events MODIFY TTL\n/,
  )
  expect(stdout).toMatch(
    /\n\nALTER TABLE sessions MODIFY TTL\n {4}ended_at \+ toIntervalDay\(30\) DELETE WHERE/,
  )
  expect(
    await query('SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()'),
  ).toEqual(before)
})

it('applies what loses nothing, and refuses what does where nobody can be asked', async () => {
  const { code, stdout, stderr } = await millrace()
  expect([code, stdout]).toEqual([3, 'applied 0004_warehouse.sql\n'])
  expect(stderr).toMatch(
    /^millrace: 0005_drop_old_events\.sql drops the table events_0004 \(1,000 rows, of [\d.]+ KB on disk\)\. Nobody can be asked here/,
  )
  expect(await query('SELECT toUInt32(count()) AS count FROM events_resolved')).toEqual([{ count: 1_000 }])
  expect(await query('SELECT toUInt32(count()) AS count FROM events_0004')).toEqual([{ count: 1_000 }])
})

it('does it when that is allowed, and then nothing again', async () => {
  const rest = readMigrations().filter(({ version }) => version >= 5)
  const stdout = rest.map(({ name }) => `applied ${name}\n`).join('')
  expect(await millrace('--yes')).toMatchObject({ code: 0, stdout })
  expect(await millrace('apply')).toMatchObject({
    code: 0,
    stdout: 'nothing to do: the database is up to date\n',
  })
  expect(await query('SELECT toUInt32(count()) AS count FROM events_resolved')).toEqual([{ count: 1_000 }])
})

it('sets how long rows are kept, longer without a question, shorter only with leave', async () => {
  await configure({ eventsDays: 365 })
  expect((await millrace('status')).stdout).toMatch(
    /retention of events +kept for ever; to be: shop 365 days\n/,
  )
  expect((await millrace()).code).toBe(0)
  await configure({ eventsDays: 30 })
  const refused = await millrace()
  expect(refused.code).toBe(3)
  expect(refused.stderr).toMatch(
    /deletes rows that are past their time: (699|700) of events \(shop 30 days\)/,
  )
  expect(await query('SELECT toUInt32(count()) AS count FROM events FINAL')).toEqual([{ count: 1_000 }])
  expect((await millrace('--yes')).code).toBe(0)
  await query('OPTIMIZE TABLE events FINAL')
  const [left] = await query('SELECT toUInt32(count()) AS count FROM events')
  expect([300, 301]).toContain(left?.count)
})
