/** The stack that is measured, and how it is asked: ClickHouse with all migrations, and the Worker for the query API. */

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStack } from '@millrace/local/stack'
import { readCpuSeconds } from '../collector/process-usage.ts'

/** A running stack with an empty warehouse. */
export interface MeasuredWarehouse {
  clickhouseUrl: string
  /** Base URL of the Worker. */
  workerUrl: string
  /**
   * Runs a statement and gives its answer as text.
   *
   * @param body data of an insert; the statement goes into the address then
   * @throws Error with ClickHouse's words
   */
  run: (sql: string, options?: RunOptions) => Promise<string>
  /** Rows of a query. */
  read: <Row>(sql: string) => Promise<Row[]>
  /** Microseconds of processor time that ClickHouse has used so far. */
  readCpuMicros: () => number
  /** Answer of a query in a format of bytes. */
  readBytes: (sql: string) => Promise<Uint8Array<ArrayBuffer>>
  /**
   * Runs `work` with ClickHouse on one core and this process on another, as a Worker is on another machine. Where there are
   * not two cores or no `taskset`, it just runs.
   */
  onCoresApart: <T>(work: () => Promise<T>) => Promise<T>
  stop: () => Promise<void>
}

/** Options of {@link MeasuredWarehouse.run}. */
export interface RunOptions {
  body?: Uint8Array<ArrayBuffer> | string
  settings?: Record<string, string>
}

/** Name of the database. */
export const DATABASE = 'millrace'

/** Starts it on free ports and an empty folder; the cron does not run. */
export async function startWarehouse(): Promise<MeasuredWarehouse> {
  const dataPath = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const stack = await startStack({ port: 0, clickhousePort: 0, dataPath, cronIntervalMs: 0 })
  const send = async (sql: string, { body, settings = {} }: RunOptions = {}) => {
    const url = new URL(stack.clickhouseUrl)
    const query = body === undefined ? {} : { query: sql }
    for (const [name, value] of Object.entries({ database: DATABASE, ...query, ...settings })) {
      url.searchParams.set(name, value)
    }
    const response = await fetch(url, { method: 'POST', body: body ?? sql })
    if (!response.ok) throw new Error(`${sql.slice(0, 200)}: ${(await response.text()).slice(0, 500)}`)
    return response
  }
  const run = async (sql: string, options?: RunOptions) => (await send(sql, options)).text()
  return {
    clickhouseUrl: stack.clickhouseUrl,
    workerUrl: stack.worker.url,
    run,
    async read<Row>(sql: string) {
      const settings = { output_format_json_quote_64bit_integers: '0' }
      const text = await run(`${sql} FORMAT JSONEachRow`, { settings })
      return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]))
    },
    readCpuMicros: () => readCpuSeconds(stack.clickhousePid() ?? process.pid) * 1e6,
    async onCoresApart(work) {
      const pid = stack.clickhousePid()
      const isApart = cpus().length > 1 && pid !== undefined && pin(pid, '1') && pin(process.pid, '0')
      try {
        return await work()
      } finally {
        const all = `0-${cpus().length - 1}`
        if (isApart) for (const one of [pid, process.pid]) pin(one, all)
      }
    },
    readBytes: async (sql) => new Uint8Array(await (await send(sql)).arrayBuffer()),
    async stop() {
      await stack.stop()
      await rm(dataPath, { recursive: true, force: true })
    },
  }
}

/** Puts all threads of a process onto cores, as `taskset` names them; false when that is not possible here. */
function pin(pid: number, cores: string): boolean {
  return spawnSync('taskset', ['-a', '-p', '-c', cores, String(pid)], { stdio: 'ignore' }).status === 0
}

/** Milliseconds that `work` takes. */
export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/** Milliseconds of each of `count` runs, one after the other, after one that does not count. */
export async function timesOf(work: () => Promise<unknown>, count: number): Promise<number[]> {
  await work()
  const times: number[] = []
  for (let i = 0; i < count; i++) times.push(await timeOf(work))
  return times
}
