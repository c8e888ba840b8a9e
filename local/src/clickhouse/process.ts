/** Runs the embedded ClickHouse as a child process, which neither blocks its parent nor outlives it. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Why ClickHouse could not start. */
export type FailureReason = 'port-taken' | 'data-in-use' | 'error'

/** What the child tells its parent. */
export type ClickHouseMessage =
  | { readonly type: 'ready'; readonly url: string; readonly port: number }
  | { readonly type: 'failed'; readonly reason: FailureReason; readonly message: string }

/** Options of {@link startClickHouse}. */
export interface ClickHouseProcessOptions {
  /** Data directory of the engine, created when absent. */
  readonly dataPath: string
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  readonly port: number
  /** Called once when a process that was ready has ended, with how: `exit code 0` or `signal SIGKILL`. */
  readonly onExit?: (how: string) => void
  /** Takes each line that the process prints. Default: standard error. */
  readonly log?: (line: string) => void
}

/** A running child process. */
export interface ClickHouseProcess {
  /** Base URL, `http://127.0.0.1:8123`. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Ends it after the requests under way, by force after 5 seconds. Idempotent; resolves when it is gone. */
  stop(): Promise<void>
  /** Ends it as a crash would, at once. Resolves when it is gone. */
  kill(): Promise<void>
  /** Resolves with how it ended, whoever ended it. Never rejects. */
  readonly exited: Promise<string>
}

/** ClickHouse's own default. */
export const DEFAULT_PORT = 8123

/**
 * libuv threads of the child: each query that computes holds one, and so does each file operation. Node's 4 would let
 * four slow queries stop everything.
 */
export const THREAD_POOL_SIZE = 64

/** Exit codes of the child by reason; 98 is EADDRINUSE on Linux. */
export const EXIT_CODES: Readonly<Record<FailureReason, number>> = {
  'port-taken': 98,
  'data-in-use': 11,
  error: 1,
}

const STOP_TIMEOUT_MS = 5_000

/** Beside this file: in the repository as it is, in the package as its bundle. */
const MAIN_PATH = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url),
)

/** ClickHouse did not start. */
export class ClickHouseStartError extends Error {
  override readonly name = 'ClickHouseStartError'
  readonly reason: FailureReason

  /** @param message for the person at the terminal, `port 8123 is already in use; ...`. */
  constructor(reason: FailureReason, message: string) {
    super(message)
    this.reason = reason
  }
}

/**
 * Starts ClickHouse in a process of its own and resolves when it answers.
 *
 * @throws ClickHouseStartError when it could not start.
 */
export async function startClickHouse(options: ClickHouseProcessOptions): Promise<ClickHouseProcess> {
  const { port, onExit, log = console.error } = options
  const child = spawn(process.execPath, [MAIN_PATH], {
    env: {
      ...process.env,
      CLICKHOUSE_PORT: String(port),
      CLICKHOUSE_DATA: resolve(options.dataPath),
      UV_THREADPOOL_SIZE: String(THREAD_POOL_SIZE),
    },
    // The channel is the child's life line: it closes with this process, however that ends.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  for (const output of [child.stdout, child.stderr]) {
    if (output !== null) createInterface({ input: output }).on('line', log)
  }
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
    child.once('error', (error) => resolve(error.message))
  })
  const first = await Promise.race([once(child, 'message'), exited])
  const message: ClickHouseMessage =
    typeof first === 'string' ? { type: 'failed', reason: 'error', message: first } : first[0]
  if (message.type === 'failed' || child.pid === undefined) {
    await exited
    const told = message.type === 'failed' ? message : { reason: 'error' as const, message: 'no process' }
    throw new ClickHouseStartError(told.reason, `ClickHouse did not start: ${told.message}`)
  }
  void exited.then(onExit)
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  const stop = async () => {
    // Not by a signal: those may come from others too, and the child leaves them to its parent.
    if (child.connected) child.disconnect()
    const timer = setTimeout(kill, STOP_TIMEOUT_MS)
    await exited
    clearTimeout(timer)
  }
  return {
    url: message.url,
    port: message.port,
    pid: child.pid,
    stop,
    kill,
    exited,
  }
}
