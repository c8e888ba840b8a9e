/** The command as typed, over a real ClickHouse. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClickHouseProcess, startClickHouse } from '../../../local/src/clickhouse/process.ts'
import { createSink } from '../fakes.ts'
import { runProgram } from '../program.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-migrate-'))
let clickhouse: ClickHouseProcess

beforeAll(async () => {
  clickhouse = await startClickHouse({ dataPath: directory, port: 0 })
}, 60_000)

afterAll(async () => {
  await clickhouse.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** A configuration with the source `shop`. */
function writeConfig(shop: object = {}, more: object = {}): string {
  const path = join(directory, `${crypto.randomUUID()}.config.mjs`)
  const config = { sources: [{ name: 'shop', writeKeys: ['k'], ...shop }], ...more }
  writeFileSync(path, `export default ${JSON.stringify(config)}`)
  return path
}

const FOREVER = writeConfig()

interface Typed {
  /** What is typed on a terminal; without it there is none. */
  answer?: string
  env?: Record<string, string>
  signal?: AbortSignal
}

async function migrate(args: readonly string[], { answer, env = {}, signal }: Typed = {}) {
  const stdout = createSink()
  const stderr = createSink()
  const isTTY = answer !== undefined
  const code = await runProgram({
    args: ['migrate', '--clickhouse-url', clickhouse.url, '--config', FOREVER, ...args],
    env,
    stdin: Object.assign(Readable.from(answer === undefined ? [] : [`${answer}\n`]), { isTTY }),
    stdout: stdout.stream,
    stderr: Object.assign(stderr.stream, { isTTY }),
    signal,
  })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

async function ask(sql: string): Promise<string> {
  const response = await fetch(clickhouse.url, { method: 'POST', body: sql })
  if (!response.ok) throw new Error(await response.text())
  return (await response.text()).trim()
}

/** A migrated database with five refused events, two of them old. */
async function createDatabase(name: string): Promise<string[]> {
  const args = ['--database', name]
  expect((await migrate(args)).code).toBe(0)
  await ask(
    `INSERT INTO ${name}.quarantine (source, message_id, received_at) SELECT 'shop', toString(number), now() - INTERVAL if(number < 2, 50, 5) DAY FROM numbers(5)`,
  )
  return args
}

describe('millrace migrate', () => {
  it('says of a word that it does not know which ones it does', async () => {
    expect(await migrate(['stat'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'millrace: migrate is followed by apply or status, or by nothing, got "stat"\n',
    })
    expect((await migrate(['--help'])).stdout).toMatch(/\(choices:\s+"apply", "status", default: "apply"\)/)
  })

  it('applies what is pending, then nothing, and status says both', async () => {
    const args = ['--database', 'fresh']
    const before = await migrate(['status', ...args])
    expect(before.stdout).toMatch(
      /^database fresh at .*, which is not there yet\n {2}0001_events\.sql +pending\n/,
    )
    expect(before.stdout).toMatch(/to do: millrace migrate\n$/)
    const applied = await migrate(args)
    expect([applied.code, applied.stderr]).toEqual([0, ''])
    expect(applied.stdout).toMatch(/^applied 0001_events\.sql\napplied 0002_facts\.sql\n/)
    expect((await migrate(args)).stdout).toBe('nothing to do: the database is up to date\n')
    const after = await migrate(['status', ...args])
    expect(after.stdout).toMatch(/ {2}0001_events\.sql +applied \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n/)
    expect(after.stdout).toMatch(/\nup to date\n$/)
    const {
      exists,
      applied: rows,
      pending,
    } = JSON.parse((await migrate([...args, 'status', '--json'])).stdout)
    expect([exists, pending, rows[0]]).toEqual([
      true,
      [],
      { name: '0001_events.sql', appliedAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    ])
  })

  it('prints in a dry run what would run, without the password, and runs nothing', async () => {
    const config = writeConfig({ retention: { quarantineDays: 30 } })
    const args = ['--database', 'dry', '--dry-run', '--config', config]
    const { code, stdout } = await migrate(args, { env: { CLICKHOUSE_PASSWORD: 'secret-1' } })
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^CREATE DATABASE IF NOT EXISTS dry;\n\n-- 0001_events\.sql\nCREATE TABLE IF NOT EXISTS events\n/,
    )
    expect(stdout).toContain("USER 'default' PASSWORD '[HIDDEN]' DB 'dry'")
    expect(stdout).toContain(
      "-- retention\nALTER TABLE quarantine MODIFY TTL\n    received_at + toIntervalDay(30) DELETE WHERE source = 'shop';",
    )
    expect(stdout).not.toContain('secret-1')
    expect(await ask("SELECT count() FROM system.databases WHERE name = 'dry'")).toBe('0')
  })

  it('prints the statements of a cluster where the configuration names one', async () => {
    const config = writeConfig({}, { warehouse: { cluster: 'main' } })
    const { stdout } = await migrate(['--database', 'spread', '--dry-run', '--json', '--config', config])
    const planned: { origin: string; sql: string; isSkipped: boolean }[] = JSON.parse(stdout)
    expect(planned[0]).toEqual({
      origin: '',
      sql: "CREATE DATABASE IF NOT EXISTS spread ON CLUSTER 'main'",
      isSkipped: false,
    })
    expect(planned[2]?.sql).toBe(
      "CREATE TABLE IF NOT EXISTS events ON CLUSTER 'main' AS spread.events_local\n" +
        "ENGINE = Distributed('main', 'spread', 'events_local', cityHash64(source, message_id))",
    )
  })

  it('refuses to lose rows where nobody can be asked, and does it with --yes', async () => {
    const args = await createDatabase('unasked')
    const short = [...args, '--config', writeConfig({ retention: { quarantineDays: 30, rollupsDays: 90 } })]
    const refused = await migrate(short)
    expect(refused.code).toBe(3)
    expect(refused.stdout).toBe(
      'retention of omitted: shop 38 days\nretention of rollup_minute: shop 90 days\nretention of rollup_hour: shop 90 days\nretention of rollup_hour_fields: shop 90 days\n',
    )
    expect(refused.stderr).toMatch(
      /^millrace: retention deletes rows that are past their time: 2 of quarantine \(shop 30 days\) \(2 rows, of tables of \d\.\d KB on disk\)\. Nobody can be asked here, so it was not done, and nothing that comes after it\. --yes allows it\.\n$/,
    )
    expect((await migrate([...short, 'status'])).stdout).toContain(
      'retention of quarantine       kept for ever; to be: shop 30 days',
    )
    expect((await migrate([...short, '--dry-run'])).stdout).toContain('-- asks first: retention deletes rows')
    const allowed = await migrate([...short, '--yes', '--json'])
    expect([allowed.code, JSON.parse(allowed.stdout)]).toEqual([
      0,
      { done: [{ kind: 'retention', table: 'quarantine', rules: 'shop 30 days' }] },
    ])
    await ask('OPTIMIZE TABLE unasked.quarantine FINAL')
    expect(await ask('SELECT count() FROM unasked.quarantine')).toBe('3')
  })

  it('asks on a terminal, and takes only yes for yes', async () => {
    const args = await createDatabase('asked')
    const short = [...args, '--config', writeConfig({ retention: { quarantineDays: 30 } })]
    for (const answer of ['n', '', 'yesterday']) {
      const { code, stderr } = await migrate(short, { answer })
      expect(code).toBe(3)
      expect(stderr).toMatch(
        /They cannot be had back\. Go on\? \[y\/N\] [\s\S]*It was not done, and nothing that comes after it\.\n$/,
      )
    }
    expect(await migrate(short, { answer: 'Y' })).toMatchObject({
      code: 0,
      stdout: 'retention of quarantine: shop 30 days\n',
    })
  })

  it('says what is wrong with what was typed', async () => {
    expect(await migrate(['--database', 'a-b'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--database: the name of the database must be'),
    })
    expect(await migrate(['--config', '/nowhere.ts'])).toMatchObject({
      code: 2,
      stderr: 'millrace: there is no file /nowhere.ts\n',
    })
    expect(await migrate(['--clickhouse-url', 'http://u:p@127.0.0.1'])).toMatchObject({
      code: 2,
      stderr: expect.not.stringContaining('u:p'),
    })
    expect(await migrate(['undo'])).toMatchObject({ code: 2 })
  })

  it('fails in one line when ClickHouse is away, or the database is ahead of the files', async () => {
    const away = await migrate(['--clickhouse-url', 'http://127.0.0.1:1'])
    expect(away).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^millrace: ClickHouse does not answer at http:\/\/127\.0\.0\.1:1: .*\n$/,
      ),
    })
    const args = await createDatabase('ahead')
    await ask("INSERT INTO ahead.migrations (version, name, checksum) VALUES (9999, '9999_later.sql', 'x')")
    expect(await migrate(args)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^millrace: migration 9999_later\.sql is applied in the database but its file is missing; .*\n$/,
      ),
    })
  })

  it('ends when it is interrupted', async () => {
    expect(await migrate(['--database', 'cut'], { signal: AbortSignal.abort() })).toMatchObject({
      code: 130,
      stderr:
        'millrace: interrupted; ClickHouse may still finish what it had begun. Run it again to go on.\n',
    })
  })
})
