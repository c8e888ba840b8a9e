/** The command as typed, over a real ClickHouse. That nothing is left is shown by a journey. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClickHouseProcess, startClickHouse } from '../../../local/src/clickhouse/process.ts'
import { migrate } from '../../../local/src/migrate.ts'
import { createSink } from '../fakes.ts'
import { runProgram } from '../program.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-forget-'))
let clickhouse: ClickHouseProcess

beforeAll(async () => {
  clickhouse = await startClickHouse({ dataPath: directory, port: 0 })
  await migrate(clickhouse.url)
  const rows = ['evelyn', 'evelyn', 'adam'].map((user_id, index) => ({
    ...{
      source: 'shop',
      message_id: `m${index}`,
      type: 'track',
      event: 'x',
      user_id,
      stream: '',
      context: {},
    },
    ...{
      timestamp: '2026-11-20 10:30:00',
      original_timestamp: '2026-11-20 10:30:00',
      received_at: '2026-11-20 10:31:00',
    },
  }))
  await ask(`INSERT INTO events FORMAT JSONEachRow\n${rows.map((row) => JSON.stringify(row)).join('\n')}`)
}, 60_000)

afterAll(async () => {
  await clickhouse.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function ask(query: string): Promise<string> {
  const response = await fetch(`${clickhouse.url}/?database=millrace`, { method: 'POST', body: query })
  if (!response.ok) throw new Error(await response.text())
  return (await response.text()).trim()
}

const countEvents = () =>
  ask('SELECT groupArray(message_id) FROM (SELECT message_id FROM events FINAL ORDER BY message_id)')

async function run(args: string[], stdin: Readable = Readable.from([])) {
  const [stdout, stderr] = [createSink(), createSink()]
  const where = ['--source', 'shop', '--clickhouse-url', clickhouse.url]
  const streams = { stdin, stdout: stdout.stream, stderr: stderr.stream }
  const code = await runProgram({ args: ['forget', ...where, ...args], env: {}, ...streams })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

/** A terminal on which a person types a line. */
function typing(line: string): Readable {
  const stream = Object.assign(new PassThrough(), { isTTY: true })
  stream.write(`${line}\n`)
  return stream
}

describe('millrace forget', () => {
  it.each<[string, string[], string]>([
    ['nobody', [], 'say whom to forget: either --user or --anonymous'],
    ['two', ['--user', 'a', '--anonymous', 'b'], 'say whom to forget: either --user or --anonymous'],
    ['a word for nobody', ['--user', ' NULL '], '" NULL " is a word for nobody, not an id'],
    [
      'all of them',
      ['--user', 'a', '--list'],
      '--list is about all requests: leave out --user and --anonymous',
    ],
    [
      'somebody without being asked',
      ['--user', 'evelyn'],
      'give --yes: there is no terminal to ask on whether this person is to be forgotten',
    ],
  ])('does not forget %s', async (_, args, message) => {
    expect(await run(args)).toMatchObject({ code: 2, stderr: `millrace: ${message}\n` })
    expect(await countEvents()).toBe("['m0','m1','m2']")
  })

  it('says what there is and changes nothing in a dry run', async () => {
    const { code, stdout } = await run(['--user', 'evelyn', '--dry-run'])
    expect(code).toBe(0)
    expect(stdout).toContain('2 events from 2026-11-20T10:30:00.000Z to 2026-11-20T10:30:00.000Z')
    expect(stdout).toContain('  rows, with replaced versions of them:\n  arrivals           2 rows\n')
    expect(stdout).toContain('dry run, nothing was changed')
    expect(await ask('SELECT count() FROM erasures')).toBe('0')
  })

  it.each(['--user', '--anonymous'])('says of %s that nothing of an id is stored', async (option) => {
    const { code, stdout } = await run([option, 'nosuch', '--dry-run'])
    expect([code, stdout]).toEqual([
      0,
      'shop: nothing of this id is stored; later events of it will be left out\ndry run, nothing was changed\n',
    ])
  })

  it('changes nothing when the person at the terminal does not say yes', async () => {
    expect(await run(['--user', 'evelyn'], typing('y'))).toMatchObject({ code: 1 })
    expect(await ask('SELECT count() FROM erasures')).toBe('0')
  })

  it('forgets when they say yes, and again with nothing left to delete', async () => {
    const first = await run(['--user', 'evelyn', '--reason', 'letter of today'], typing('yes'))
    expect(first.code).toBe(0)
    expect(first.stdout).toContain('forgotten: request ')
    expect(await countEvents()).toBe("['m2']")
    const second = await run(['--user', 'evelyn', '--yes', '--json'])
    expect(JSON.parse(second.stdout)).toMatchObject({ events: 0, deleted: {} })
    expect(first.stdout + first.stderr + second.stdout + second.stderr).not.toContain('evelyn')
  })

  it('lists requests with what is open, and nobody by an id', async () => {
    const { stdout } = await run(['--list'])
    expect(stdout).toContain('open in the lake: events/source=shop/date=2026-11-20/hour=10/')
    expect(stdout).not.toContain('evelyn')
    const [request] = JSON.parse((await run(['--list', '--json'])).stdout) as object[]
    expect(request).toMatchObject({ finishedAt: expect.any(String) })
  })

  it('says when ClickHouse is not there', async () => {
    const { code, stderr } = await run([
      '--clickhouse-url',
      'http://127.0.0.1:1',
      '--user',
      'evelyn',
      '--dry-run',
    ])
    expect(code).toBe(1)
    expect(stderr).toContain('ClickHouse does not answer at http://127.0.0.1:1')
  })
})
