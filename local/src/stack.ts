/** Everything on one machine: embedded ClickHouse and the Worker, started and ended together. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { SourceRetention } from '@millrace/schemas/migrations'
import { type ClickHouseProcess, startClickHouse } from './clickhouse/process.ts'
import { describeError } from './describe-error.ts'
import { migrate, readMigrations } from './migrate.ts'
import type { Places } from './places.ts'
import { requireFreePort } from './ports.ts'
import { type RunningWorker, startWorker, type WorkerOptions } from './worker.ts'

/** Options of {@link startStack}; places that are not named are those of the repository, as `npm run build` left it. */
export interface StackOptions extends Partial<Places> {
  /** Port of the Worker; 0 picks a free one. */
  port: number
  /** Port of ClickHouse's HTTP interface; 0 picks a free one. */
  clickhousePort: number
  /** Folder for all data. */
  dataPath: string
  /** How long rows of each source are kept. Default: for ever. */
  retention?: readonly SourceRetention[]
  /** Start ClickHouse again when it ends by itself. Default true. */
  keepClickHouse?: boolean
  /** Milliseconds between two runs of the cron trigger; 0 for none. Default 60,000. */
  cronIntervalMs?: number
  /** Takes lines for the person at the terminal. Default: nothing is said. */
  say?: (line: string) => void
  /** Takes each line that the Worker logs. Default: nowhere. */
  onWorkerLog?: (line: string) => void
  /** Worker variables in place of those of development. */
  variables?: Record<string, string>
  /** Whether signals leave the Worker running: the caller handles them and calls `stop`. Default false. */
  outlivesSignals?: boolean
}

/** A running stack. */
export interface Stack {
  worker: RunningWorker
  clickhouseUrl: string
  /** Process id of ClickHouse as it runs now, or `undefined` while it is down. */
  clickhousePid: () => number | undefined
  /** Kills ClickHouse as a crash would; resolves when it is gone. It stays down until {@link Stack.startClickHouse}. */
  killClickHouse: () => Promise<void>
  /** Starts ClickHouse again on the same port and data. */
  startClickHouse: () => Promise<void>
  /**
   * Ends everything: waits for the local queue as {@link RunningWorker.drain} does, then ends the Worker and ClickHouse.
   * What could not be waited for is said.
   */
  stop: () => Promise<void>
}

/** Pause before ClickHouse is started again. */
const RESTART_DELAY_MS = 1_000

/** Starts ClickHouse, applies the migrations and starts the Worker. When one fails, what was started is ended again. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const {
    port,
    clickhousePort,
    dataPath,
    say = () => {},
    keepClickHouse = true,
    cronIntervalMs = 60_000,
  } = options
  await requireFreePort(port, 'PORT')
  await requireFreePort(clickhousePort, 'CLICKHOUSE_PORT')
  mkdirSync(dataPath, { recursive: true })

  const clickhouse = createSupervisor({
    dataPath: join(dataPath, 'clickhouse'),
    port: clickhousePort,
    keepClickHouse,
    say,
  })
  await clickhouse.start()
  try {
    const clickhouseUrl = clickhouse.url()
    const { retention = [], migrationsPath } = options
    const migrations = readMigrations(migrationsPath)
    for (const line of await migrate(clickhouseUrl, { migrations, retention })) say(line)
    const worker = await startWorker(workerOptions(options, clickhouseUrl))
    const cron = cronIntervalMs > 0 ? setInterval(() => triggerCron(worker, say), cronIntervalMs) : undefined
    return {
      worker,
      clickhouseUrl,
      clickhousePid: clickhouse.pid,
      killClickHouse: clickhouse.kill,
      startClickHouse: clickhouse.start,
      async stop() {
        clearInterval(cron)
        const isAway = clickhouse.pid() === undefined
        if (isAway)
          say('ClickHouse is down: what waits for it is only in the memory of the local queue, and lost now')
        await worker.drain(isAway ? 0 : undefined).catch((error: unknown) => {
          if (!isAway) say(`the queue could not be waited for: ${describeError(error)}`)
        })
        await worker.stop()
        await clickhouse.stop()
      },
    }
  } catch (error) {
    await clickhouse.stop()
    throw error
  }
}

function workerOptions(options: StackOptions, clickhouseUrl: string): WorkerOptions {
  const { port, dataPath, onWorkerLog, variables, scriptPath, assetsPath, wranglerPath } = options
  return {
    ...{ port, dataPath, clickhouseUrl },
    ...(onWorkerLog === undefined ? {} : { onLog: onWorkerLog }),
    ...(variables === undefined ? {} : { variables }),
    ...(scriptPath === undefined ? {} : { scriptPath }),
    ...(assetsPath === undefined ? {} : { assetsPath }),
    ...(wranglerPath === undefined ? {} : { wranglerPath }),
    outlivesSignals: options.outlivesSignals === true,
  }
}

function triggerCron(worker: RunningWorker, say: (line: string) => void): void {
  worker.triggerCron().catch((error: unknown) => say(`the cron trigger failed: ${String(error)}`))
}

interface SupervisorOptions {
  dataPath: string
  port: number
  keepClickHouse: boolean
  say: (line: string) => void
}

/** Keeps one ClickHouse process running on one port, unless it was ended on purpose. */
function createSupervisor({ dataPath, port, keepClickHouse, say }: SupervisorOptions) {
  let running: ClickHouseProcess | undefined
  let starting: Promise<void> | undefined
  let chosenPort = port
  let isWanted = false

  /** Starts it unless it runs or is being started already. */
  const start = (): Promise<void> => {
    isWanted = true
    if (running !== undefined) return Promise.resolve()
    starting ??= launch().finally(() => {
      starting = undefined
    })
    return starting
  }

  const launch = async () => {
    const started = await startClickHouse({ dataPath, port: chosenPort })
    running = started
    chosenPort = started.port
    void started.exited.then((how) => onExit(started, how))
  }

  const onExit = async (ended: ClickHouseProcess, how: string) => {
    if (running !== ended) return
    running = undefined
    if (keepClickHouse)
      say(`ClickHouse ended (${how}); starting it again. Events wait in the queue meanwhile.`)
    while (keepClickHouse && isWanted && running === undefined) {
      await new Promise((resolve) => setTimeout(resolve, RESTART_DELAY_MS))
      if (isWanted) await start().catch((error: unknown) => say(`${String(error)}; trying again`))
    }
  }

  /** Takes the process out of supervision, so that its end is no surprise. */
  const release = async () => {
    isWanted = false
    // One that is on its way is waited for, so that none is left behind; that it may fail is no matter now.
    await starting?.catch(() => {})
    const released = running
    running = undefined
    return released
  }
  return {
    start,
    url: () => `http://127.0.0.1:${chosenPort}`,
    pid: () => running?.pid,
    kill: async () => (await release())?.kill(),
    stop: async () => (await release())?.stop(),
  }
}
