/** Process entry of the embedded ClickHouse: environment in, server up, an orderly end. */

import { join } from 'node:path'
import { DataInUseError } from './engine.ts'
import { type ClickHouseMessage, DEFAULT_PORT, EXIT_CODES, THREAD_POOL_SIZE } from './process.ts'
import { createClickHouseServer } from './server.ts'

/** A parent waits 5 seconds for the end before it kills; be gone before that. */
const CLOSE_TIMEOUT_MS = 4_500

const MAX_PORT = 65_535

await main()

async function main(): Promise<void> {
  // Before the first use of the pool, which is the first query: each running query holds a thread of it.
  process.env['UV_THREADPOOL_SIZE'] ??= String(THREAD_POOL_SIZE)
  const dataPath =
    process.env['CLICKHOUSE_DATA'] ?? join(process.env['MILLRACE_DATA'] ?? '.millrace', 'clickhouse')
  const port = Number(process.env['CLICKHOUSE_PORT'] || DEFAULT_PORT)
  try {
    if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) {
      throw new RangeError(
        `CLICKHOUSE_PORT must be an integer from 0 to ${MAX_PORT}, got ${process.env['CLICKHOUSE_PORT']}`,
      )
    }
    const server = await createClickHouseServer({ dataPath, port })
    stopWith(server.close)
    if (process.send === undefined) console.log(`ClickHouse is ready at ${server.url}, data in ${dataPath}`)
    else tellParent({ type: 'ready', url: server.url, port: server.port })
  } catch (error) {
    fail(error, port)
  }
}

function stopWith(close: () => Promise<void>): void {
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    // An orderly exit would wait for the queries that still run. The engine survives this like a crash.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), CLOSE_TIMEOUT_MS).unref()
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  if (process.send === undefined) {
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
    return
  }
  // Ctrl-C and a closed terminal reach the whole group, and systemd signals every process of a unit; the parent decides
  // what that means, because events that wait in its queue are still to be written.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
  // The parent wants it so, or is gone, even if it had no chance to say so.
  process.on('disconnect', stop)
}

function fail(error: unknown, port: number): void {
  const message = describeFailure(error, port)
  const reason = isPortTaken(error) ? 'port-taken' : error instanceof DataInUseError ? 'data-in-use' : 'error'
  process.exitCode = EXIT_CODES[reason]
  if (process.send === undefined) console.error(message)
  else tellParent({ type: 'failed', reason, message })
}

function describeFailure(error: unknown, port: number): string {
  if (isPortTaken(error)) return `port ${port} is already in use; set CLICKHOUSE_PORT to another`
  return error instanceof Error ? error.message : String(error)
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

/** Sends a message; after that of a failure nothing holds the process, once the channel is closed. */
function tellParent(message: ClickHouseMessage): void {
  process.send?.(message, undefined, undefined, () => {
    if (message.type === 'failed') process.disconnect()
  })
}
