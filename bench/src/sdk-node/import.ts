/** `millrace import` of a real site's log and of a generated file, into ClickHouse. */

import { once } from 'node:events'
import { createWriteStream, existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { ROOT } from '../../../scripts/setup.mjs'
import { type RunningCommand, startCommand } from '../../../test/support/command.ts'
import { readPeakMemoryMiB } from '../collector/process-usage.ts'
import { withFolder } from './contenders.ts'
import { describeFailure, describeValue, firstLineOf, type NodeMeasured } from './lines.ts'
import type { RealStack } from './real-stack.ts'

const TABLE = 'import'

const REAL_LOG = join(ROOT, '../shared/data/access.log')

const DEFAULT_EVENTS = 1_000_000

/** Name of the generated events, to count them by. */
const GENERATED = 'Imported'

const SAMPLE_MS = 100

/** After it the import is interrupted, so that the bench ends. */
const DEADLINE_MS = 600_000

const DAY_MS = 86_400_000

/** What is imported. */
interface ImportJob {
  row: string
  /** Arguments after `import`. */
  args: string[]
  /** Selects its rows in ClickHouse. */
  condition: string
  /** Bytes of the file. */
  bytes: number
}

/** The part of the report that is read. */
interface Report {
  events: number
  sent: { accepted: number; dropped: number }
}

/** Imports both; `MILLRACE_BENCH_EVENTS` is another number of generated events than a million. */
export async function measureImport(
  stack: RealStack,
  report: (line: string) => void,
): Promise<NodeMeasured[]> {
  const count = Number(process.env['MILLRACE_BENCH_EVENTS'] ?? DEFAULT_EVENTS)
  return withFolder(async (folder) => {
    const lines: NodeMeasured[] = []
    if (existsSync(REAL_LOG)) {
      report('import: access log')
      lines.push(...(await importFile(stack, await planLog())))
    }
    report(`import: ${count.toLocaleString('en-US')} generated events`)
    lines.push(...(await importFile(stack, await planEvents(folder, count))))
    return lines
  })
}

async function planLog(): Promise<ImportJob> {
  const { size } = await stat(REAL_LOG)
  return { row: 'access log', args: ['access-log', REAL_LOG], condition: `type = 'page'`, bytes: size }
}

async function planEvents(folder: string, count: number): Promise<ImportJob> {
  const file = join(folder, 'events.ndjson')
  const row = `NDJSON, ${count.toLocaleString('en-US')} events`
  await writeEvents(file, count)
  const { size } = await stat(file)
  return { row, args: ['ndjson', file], condition: `event = '${GENERATED}'`, bytes: size }
}

async function writeEvents(file: string, count: number): Promise<void> {
  const stream = createWriteStream(file)
  const nowMs = Date.now()
  for (let i = 0; i < count; i += 1) {
    // A stream that cannot keep up says so.
    if (!stream.write(`${JSON.stringify(buildEvent(i, nowMs))}\n`)) {
      await once(stream, 'drain')
    }
  }
  stream.end()
  await finished(stream)
}

/** In Segment's form, of the last 30 days. */
export function buildEvent(i: number, nowMs: number): object {
  return {
    type: 'track',
    event: GENERATED,
    messageId: `imported-${i}`,
    userId: `user-${i % 50_000}`,
    timestamp: new Date(nowMs - ((i * 7_919) % (30 * DAY_MS))).toISOString(),
    properties: { orderId: `order-${i}`, total: 100 + (i % 900), currency: 'EUR', plan: `plan-${i % 7}` },
    context: { page: { path: `/checkout/${i % 50}` } },
  }
}

async function importFile(stack: RealStack, job: ImportJob): Promise<NodeMeasured[]> {
  const { row, args, condition, bytes } = job
  const startedAt = performance.now()
  const where = ['--source', 'dev', '--endpoint', stack.url, '--json']
  const command = startCommand(process.execPath, ['cli/bin/millrace.mjs', 'import', ...args, ...where], {
    MILLRACE_SECRET_KEY: 'dev-secret',
  })
  const peakMemoryMiB = await followMemory(command)
  const { code, stdout, stderr } = await command.finished
  const seconds = (performance.now() - startedAt) / 1_000
  if (code !== 0) return [describeFailure(TABLE, row, `exit code ${code}: ${firstLineOf(stderr || stdout)}`)]
  const { events, sent } = JSON.parse(stdout) as Report
  const stored = await stack.countWhere(condition, events)
  const storedSeconds = (performance.now() - startedAt) / 1_000
  const line = (column: string, unit: string, value: number, aim?: NodeMeasured['aim']) =>
    describeValue({ table: TABLE, row, column, unit, aim }, value)
  return [
    line('file', 'MB', bytes / 1e6),
    line('events', 'events', events),
    line('rate', 'events/s', events / seconds),
    line('to ClickHouse', 'events/s', events / storedSeconds),
    line('peak memory', 'MiB', peakMemoryMiB),
    line('dropped', 'events', sent.dropped, { atMost: 0 }),
    line('stored', 'events', stored.events, { atLeast: events }),
    line('doubled', 'rows after FINAL', stored.rows - stored.events, { atMost: 0 }),
    line('raw rows', 'rows before any merge', stored.rawRows),
  ]
}

/** The most memory that the command has had; resolves when it has ended. */
async function followMemory({ child, finished: ended }: RunningCommand): Promise<number> {
  let peakMiB = 0
  const look = () => {
    try {
      peakMiB = Math.max(peakMiB, readPeakMemoryMiB(child.pid ?? 0) || 0)
    } catch {
      // It has ended between two looks.
    }
  }
  const timer = setInterval(look, SAMPLE_MS)
  const deadline = setTimeout(() => child.kill('SIGINT'), DEADLINE_MS)
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  try {
    await ended
    return peakMiB
  } finally {
    process.removeListener('exit', kill)
    clearInterval(timer)
    clearTimeout(deadline)
  }
}
