/** `millrace import`: what it says it sent is what ClickHouse has, however often and through whatever. */

import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { runCommand, startCommand } from '../support/command.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

const SMALL_LOG = join(ROOT, 'cli/fixtures/combined.log')
const REAL_LOG = join(ROOT, '../shared/data/access.log')

interface Report {
  records: number
  events: number
  malformed: { count: number }
  skipped: Record<string, number>
  times: { earliest: string; latest: string }
  sent: { accepted: number; quarantined: number; dropped: number }
}

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

function argsOf(format: string, file: string): string[] {
  const target = ['--source', 'dev', '--endpoint', stack.worker.url]
  return ['cli/bin/millrace.mjs', 'import', format, file, ...target, '--json']
}

async function importLog(file: string): Promise<Report> {
  const args = argsOf('access-log', file)
  const { code, stdout, stderr } = await runCommand(process.execPath, args)
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`)
  return JSON.parse(stdout) as Report
}

async function countRows(): Promise<number> {
  const [row] = await stack.query<{ n: number }>(
    "SELECT toUInt32(count()) AS n FROM events FINAL WHERE type = 'page'",
  )
  return row?.n ?? 0
}

describe('importing an access log', () => {
  it('stores each page view once, however often it is imported', async () => {
    const first = await importLog(SMALL_LOG)
    expect(first.events).toBeGreaterThan(3)
    expect(first.sent).toMatchObject({ accepted: first.events, quarantined: 0 })
    await waitFor(countRows, (n) => n === first.events)
    const span = 'SELECT min(timestamp) AS earliest, max(timestamp) AS latest FROM events'
    const [stored] = await stack.query<Report['times']>(`${span} WHERE type = 'page'`)
    const toIso = (time = '') => `${time.replace(' ', 'T')}Z`
    expect({ earliest: toIso(stored?.earliest), latest: toIso(stored?.latest) }).toEqual(first.times)
    const second = await importLog(SMALL_LOG)
    expect(second.events).toBe(first.events)
    await stack.post({ batch: [{ type: 'track', event: 'marker', userId: 'u' }] })
    await waitFor(
      () => stack.query("SELECT 1 FROM events WHERE event = 'marker'"),
      (rows) => rows.length === 1,
    )
    expect(await countRows()).toBe(first.events)
  })

  it.runIf(existsSync(REAL_LOG))(
    'of a real site closes its books while ClickHouse is killed and started again, twice',
    async () => {
      const before = await countRows()
      const importing = importLog(REAL_LOG)
      await new Promise((resolve) => setTimeout(resolve, 300))
      await stack.killClickHouse()
      const report = await importing
      const skipped = Object.values(report.skipped).reduce((sum, n) => sum + n, 0)
      await waitFor(() => stack.workerLog.some((line) => line.includes('"sink_failed"')))
      expect(report.events + skipped + report.malformed.count).toBe(report.records)
      await stack.startClickHouse()
      await waitFor(countRows, (n) => n === before + report.events)

      const again = importLog(REAL_LOG)
      await new Promise((resolve) => setTimeout(resolve, 300))
      await stack.killClickHouse()
      await again
      await stack.startClickHouse()
      await stack.post({ batch: [{ type: 'track', event: 'last', userId: 'u' }] })
      await waitFor(
        () => stack.query("SELECT 1 FROM events WHERE event = 'last'"),
        (rows) => rows.length === 1,
      )
      expect(await countRows()).toBe(before + report.events)
      console.log(
        `imported ${REAL_LOG}: ${report.records} lines, ${report.events} page views, all stored once`,
      )
    },
  )

  if (!existsSync(REAL_LOG))
    console.log(`no ${REAL_LOG} here: the journey over a real site's log is left out`)
})

describe('importing NDJSON with an offset file', () => {
  const EVENT_COUNT = 12_000

  async function writeEvents(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const line = (n: number) =>
      `{"type":"track","event":"Imported","userId":"u${n}","timestamp":"2024-03-03T09:00:00Z"}\n`
    const path = join(folder, 'events.ndjson')
    await writeFile(path, Array.from({ length: EVENT_COUNT }, (_, n) => line(n)).join(''))
    return path
  }

  it('stores each event once, however often it is killed', async () => {
    const path = await writeEvents()
    const args = [...argsOf('ndjson', path), '--offset-file', `${path}.offset`]
    for (let kill = 1; kill <= 2; kill += 1) {
      const { child, finished } = startCommand(process.execPath, args)
      await waitFor(() => existsSync(`${path}.offset`))
      setTimeout(() => child.kill('SIGKILL'), kill * 700)
      await finished
    }
    const { code, stdout } = await runCommand(process.execPath, args)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      records: EVENT_COUNT,
      resumedAfterLine: expect.any(Number),
      sent: { dropped: 0 },
    })
    const count = "SELECT toUInt32(uniqExact(user_id)) AS n FROM events FINAL WHERE event = 'Imported'"
    await waitFor(
      () => stack.query<{ n: number }>(count),
      ([row]) => row?.n === EVENT_COUNT,
    )
    const rows = "SELECT toUInt32(count()) AS n FROM events FINAL WHERE event = 'Imported'"
    expect(await stack.query(rows)).toEqual([{ n: EVENT_COUNT }])
  })
})
