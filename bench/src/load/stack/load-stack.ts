/** The stack of `npm start` with everything on free ports, whose parts can be taken away and come back. */

import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { startStack } from '@millrace/local/stack'
import { type RunningWorker, startWorker } from '../../../../local/src/worker.ts'
import { childProcessIds } from '../../live/processes.ts'

/** Rows of a question to ClickHouse. */
export type Query = <Row>(sql: string) => Promise<Row[]>

/** The stack. */
export interface LoadStack {
  /** Base URL of the Worker, the same after each restart. */
  url: string
  query: Query
  /** Folder for all data, removed at the end. */
  dataPath: string
  /** Process ids as they are now; absent while it is away. */
  pids: () => { worker?: number; clickhouse?: number }
  killClickHouse: () => Promise<void>
  startClickHouse: () => Promise<void>
  /** Ends the Worker as it should be, or by SIGKILL of workerd. */
  endWorker: (how: 'stop' | 'kill') => Promise<void>
  /** Starts it again on its data, or another Worker on data of its own and without a cron. */
  startWorker: (scriptPath?: string) => Promise<void>
  /** Runs the cron once, now. */
  runCron: () => Promise<void>
  /** How many lines of each event the Worker has logged. */
  logCounts: ReadonlyMap<string, number>
  /** How many objects there are in the bucket under a prefix, up to 1,000. */
  countObjects: (prefix: string) => Promise<number>
  stop: () => Promise<void>
}

const CRON_MS = 60_000

/** Starts it. The cron runs every minute. */
export async function startLoadStack(report: (line: string) => void): Promise<LoadStack> {
  const dataPath = await mkdtemp(join(tmpdir(), 'millrace-load-'))
  const logCounts = new Map<string, number>()
  const onLog = (line: string) => noteLine(logCounts, line)
  // A signal ends the bench without its `finally`.
  const leaveNothing = () => {
    // A ClickHouse that is being started is one of them, too; Node's main thread has a name of its own.
    for (const name of ['workerd', 'node', 'MainThread']) for (const pid of childProcessIds(name)) kill(pid)
    rmSync(dataPath, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  process.once('exit', leaveNothing)
  const stack = await startStack({
    ...{ port: 0, clickhousePort: 0, dataPath, keepClickHouse: false, cronIntervalMs: 0, say: report },
    // Holding workerd against signals asks miniflare for it every 3 s, which stops this process meanwhile.
    ...{ onWorkerLog: onLog },
  })
  const { port, url } = stack.worker
  const { clickhouseUrl } = stack
  const log = { level: ClickHouseLogLevel.OFF }
  const client = createClient({ url: clickhouseUrl, database: 'millrace', log, request_timeout: 120_000 })
  let worker: RunningWorker | undefined = stack.worker
  let workerPid = childProcessIds('workerd')[0]
  let hasCron = true
  const runCron = async () => {
    // While the Worker is away there is none.
    if (hasCron)
      await worker
        ?.triggerCron()
        .catch(() => logCounts.set('cron_failed', (logCounts.get('cron_failed') ?? 0) + 1))
  }
  const cron = setInterval(() => void runCron(), CRON_MS)
  return {
    url,
    dataPath,
    logCounts,
    runCron,
    async query<Row>(sql: string) {
      const result = await client.query({ query: sql, format: 'JSONEachRow' })
      return result.json<Row>()
    },
    pids() {
      const clickhouse = stack.clickhousePid()
      return {
        ...(workerPid === undefined ? {} : { worker: workerPid }),
        ...(clickhouse === undefined ? {} : { clickhouse }),
      }
    },
    killClickHouse: stack.killClickHouse,
    startClickHouse: stack.startClickHouse,
    async endWorker(how) {
      const ending = worker
      worker = undefined
      if (how === 'kill' && workerPid !== undefined) kill(workerPid)
      workerPid = undefined
      await ending?.stop()
    },
    async startWorker(scriptPath) {
      hasCron = scriptPath === undefined
      const folder = scriptPath === undefined ? dataPath : join(dataPath, 'other')
      worker = await startWorker({
        ...{ port, dataPath: folder, clickhouseUrl, onLog },
        ...(scriptPath === undefined ? {} : { scriptPath }),
      })
      workerPid = childProcessIds('workerd')[0]
    },
    countObjects: async (prefix) => (await worker?.listObjects(prefix))?.length ?? 0,
    async stop() {
      clearInterval(cron)
      await client.close()
      if (worker !== stack.worker) await worker?.stop()
      await stack.stop()
      process.off('exit', leaveNothing)
      await rm(dataPath, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** SIGKILL of a process that this one started. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

function noteLine(counts: Map<string, number>, line: string): void {
  const [, event] = /"event":"(\w+)"/.exec(line) ?? []
  // The runtime's own lines have no such field.
  const name = event ?? `not ours: ${line.slice(0, 60)}`
  const sink = /"sink":"(\w+)"/.exec(line)?.[1]
  const key = sink === undefined ? name : `${name} ${sink}`
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
