/** Serves one Worker by workerd itself, on one core, without miniflare and its proxy. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { unstable_readConfig } from 'wrangler'
import { ROOT } from '../../../scripts/setup.mjs'
import { buildConfig, SOCKET_NAME, type WranglerBindings } from './config.ts'

/** Options of {@link startWorkerd}. */
export interface WorkerdOptions {
  /** The Worker's one module. */
  workerPath: string
  /** Port on loopback that takes what is sent to queues. */
  queuePort: number
  core: number
  /** Gives it the Durable Objects of `wrangler.toml`, whose classes it must export. Default: yes. */
  hasObjects?: boolean
  /** Opens the inspector as well. Default: no. */
  inspect?: boolean
}

/** A running workerd. */
export interface Workerd {
  pid: number
  port: number
  /** Only with `inspect`. */
  inspectorPort?: number
  stop: () => Promise<void>
}

/** The binary that miniflare brings, so that what is measured is what the tests run on. */
const { default: WORKERD } = createRequire(import.meta.resolve('miniflare'))('workerd') as { default: string }

/** Starts it; resolves when it listens. */
export async function startWorkerd({
  workerPath,
  queuePort,
  core,
  hasObjects = true,
  inspect = false,
}: WorkerdOptions): Promise<Workerd> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  // A copy, so that a build under way cannot change what is measured.
  await copyFile(workerPath, join(folder, 'worker.js'))
  const config = buildConfig({
    workerFile: 'worker.js',
    wrangler: readWranglerBindings(hasObjects),
    queuePort,
  })
  await writeFile(join(folder, 'config.capnp'), config)

  const args = ['serve', join(folder, 'config.capnp'), '--experimental', '--control-fd=3']
  if (inspect) args.push('--inspector-addr=127.0.0.1:0')
  const child = spawn('taskset', ['--cpu-list', String(core), WORKERD, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  })
  // A measurement that fails ends this process, and nobody else would end workerd.
  // Not politely: it would first answer what is under way.
  const end = () => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', end)
  const stop = async () => {
    process.removeListener('exit', end)
    const isRunning = child.exitCode === null && child.signalCode === null
    if (isRunning && child.kill()) await once(child, 'exit')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const ports = await readPorts(child, inspect)
    // taskset becomes what it starts, so its process id is workerd's.
    return { pid: child.pid ?? 0, stop, ...ports }
  } catch (error) {
    await stop()
    throw error
  }
}

function readWranglerBindings(hasObjects: boolean): WranglerBindings {
  // It would remark on secrets that only a deployment has.
  process.env['WRANGLER_LOG'] ??= 'error'
  const config = unstable_readConfig({ config: join(ROOT, 'wrangler.toml') })
  return {
    ...config,
    vars: { ...config.vars, MILLRACE_ENV: 'development', CLICKHOUSE_PASSWORD: '' },
    ...(hasObjects ? {} : { durable_objects: { bindings: [] } }),
  }
}

async function readPorts(
  child: ChildProcess,
  inspect: boolean,
): Promise<Pick<Workerd, 'port' | 'inspectorPort'>> {
  const found: Record<string, number> = {}
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const message = JSON.parse(line) as { event: string; socket?: string; port: number }
    found[message.socket ?? message.event] = message.port
    const port = found[SOCKET_NAME]
    const inspectorPort = found['listen-inspector']
    if (port !== undefined && !inspect) return { port }
    if (port !== undefined && inspectorPort !== undefined) return { port, inspectorPort }
  }
  throw new Error('workerd ended before it listened; what it printed is above')
}
