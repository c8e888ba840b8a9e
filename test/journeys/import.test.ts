/** `millrace import access-log`: what it says it sent is what ClickHouse has, however often and through whatever. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { runCommand } from '../support/command.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

const SMALL_LOG = join(ROOT, 'cli/fixtures/combined.log')
const REAL_LOG = join(ROOT, '../shared/data/access.log')

interface Report {
  lines: number
  pageViews: number
  malformed: { count: number }
  skipped: Record<string, number>
  sent: { accepted: number; quarantined: number; dropped: number }
}

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

async function importLog(file: string): Promise<Report> {
  const args = [
    'cli/bin/millrace.mjs',
    'import',
    'access-log',
    file,
    '--source',
    'dev',
    '--endpoint',
    stack.worker.url,
    '--json',
  ]
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
    expect(first.pageViews).toBeGreaterThan(3)
    expect(first.sent).toMatchObject({ accepted: first.pageViews, quarantined: 0 })
    await waitFor(countRows, (n) => n === first.pageViews)
    const second = await importLog(SMALL_LOG)
    expect(second.pageViews).toBe(first.pageViews)
    await stack.post({ batch: [{ type: 'track', event: 'marker', userId: 'u' }] })
    await waitFor(
      () => stack.query("SELECT 1 FROM events WHERE event = 'marker'"),
      (rows) => rows.length === 1,
    )
    expect(await countRows()).toBe(first.pageViews)
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
      expect(report.pageViews + skipped + report.malformed.count).toBe(report.lines)
      await stack.startClickHouse()
      await waitFor(countRows, (n) => n === before + report.pageViews)

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
      expect(await countRows()).toBe(before + report.pageViews)
      console.log(
        `imported ${REAL_LOG}: ${report.lines} lines, ${report.pageViews} page views, all stored once`,
      )
    },
  )

  if (!existsSync(REAL_LOG))
    console.log(`no ${REAL_LOG} here: the journey over a real site's log is left out`)
})
