/** Commands in a project that knows nothing of this repository: run to their end, or kept running until they are stopped. */

import { spawn } from 'node:child_process'
import { createConnection } from 'node:net'
import { delimiter, dirname } from 'node:path'
import { PINNED_NODE, ROOT } from '../../scripts/setup.mjs'
import { waitFor } from './wait.ts'

/** How long a process has to end by itself after SIGTERM. */
const GRACE_MS = 5_000

/** Variables that would tell a project who started it, or change what its tools do. */
const HIDDEN =
  /^(npm_(?!config_(registry|cache|userconfig|proxy|https_proxy|noproxy|cafile)$)|vitest|node_(env|options|path)$|(init_cwd|force_color|test|prod|dev|mode|ssr|base_url)$)/i

/** A command of a project. */
export interface ProjectCommand {
  command: string
  args: readonly string[]
  /** Absolute path of the project. */
  cwd: string
  /** Added to {@link projectEnvironment}. */
  env?: Record<string, string> | undefined
  /** Longest time it may run or, of one that is started, that a wait for it may take. */
  timeoutMs: number
}

/** How a command ended. */
export interface ProjectEnd {
  /** `null` when it could not be started, or was killed. */
  code: number | null
  /** Standard output and error, in the order in which they came. */
  output: string
  /** Standard output alone. */
  stdout: string
}

/** A command that is running. */
export interface ProjectProcess {
  pid: number
  /** Everything printed so far, both streams. */
  output: () => string
  /** Waits until a text is printed, and gives the match. */
  waitForLine: (pattern: RegExp) => Promise<RegExpExecArray>
  /** Waits until something listens on a port of 127.0.0.1. */
  waitForPort: (port: number) => Promise<void>
  ended: Promise<ProjectEnd>
  /** Ends it and all that it has started; again is harmless. */
  stop: () => Promise<void>
}

/**
 * The environment of a user's shell: nothing of npm or vitest, no tool of this repository on the path but its Node. No
 * command reports to its maker or fetches a browser.
 *
 * @param nodeFolder folder of the Node that commands run on; default: the pinned one
 */
export function projectEnvironment(nodeFolder = dirname(PINNED_NODE)): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !HIDDEN.test(name))
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.startsWith(ROOT))
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    PATH: [nodeFolder, ...path].join(delimiter),
    CI: '1',
    NO_COLOR: '1',
    DO_NOT_TRACK: '1',
    NEXT_TELEMETRY_DISABLED: '1',
    WRANGLER_SEND_METRICS: 'false',
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1',
    PUPPETEER_SKIP_DOWNLOAD: '1',
    npm_config_update_notifier: 'false',
  }
}

/** A Node on this machine. */
export interface FoundNode {
  /** Folder of the binary. */
  folder: string
  /** As Node says it: `v20.20.2`. */
  version: string
  major: number
}

/** The Node that is on the path outside of this repository; `undefined` where there is none. */
export async function findSystemNode(): Promise<FoundNode | undefined> {
  const [, ...outside] = (projectEnvironment()['PATH'] ?? '').split(delimiter)
  const { code, stdout } = await runProjectCommand({
    command: 'node',
    args: ['-p', 'process.execPath + " " + process.version'],
    cwd: ROOT,
    env: { PATH: outside.join(delimiter) },
    timeoutMs: 30_000,
  })
  const [path = '', version = ''] = stdout.trim().split(' ')
  return code === 0
    ? { folder: dirname(path), version, major: Number.parseInt(version.slice(1), 10) }
    : undefined
}

/** Starts a command, in a process group of its own. */
export function startProjectCommand({ command, args, cwd, env, timeoutMs }: ProjectCommand): ProjectProcess {
  const child = spawn(command, [...args], {
    cwd,
    env: { ...projectEnvironment(), ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { pid = 0 } = child
  let [output, stdout, isOver] = ['', '', false]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const ended = new Promise<ProjectEnd>((resolve) => {
    const end = (code: number | null) => {
      isOver = true
      resolve({ code, output, stdout })
    }
    child.once('error', (error) => {
      output += String(error)
      end(null)
    })
    child.once('close', end)
  })
  const title = [command, ...args].join(' ')
  return {
    pid,
    output: () => output,
    ended,
    async waitForLine(pattern) {
      return waitForSign(title, timeoutMs, () => [pattern.exec(output), isOver, output])
    },
    async waitForPort(port) {
      await waitForSign(title, timeoutMs, async () => [await isListening(port), isOver, output])
    },
    stop: () => stopGroup(pid, ended),
  }
}

/**
 * Runs a command to its end.
 *
 * @throws Error with its output when it takes too long; it has been killed then, with all that it had started
 */
export async function runProjectCommand(options: ProjectCommand): Promise<ProjectEnd> {
  const running = startProjectCommand(options)
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), options.timeoutMs)
  })
  const end = await Promise.race([running.ended, deadline])
  clearTimeout(timer)
  // What it left behind goes too.
  await running.stop()
  if (end !== undefined) return end
  throw new Error(
    `${[options.command, ...options.args].join(' ')} took over ${options.timeoutMs} ms:\n${running.output()}`,
  )
}

type Look<T> = () => Promise<[T, boolean, string]> | [T, boolean, string]

/** Waits for a sign of a process, no longer than it lives. */
async function waitForSign<T>(title: string, timeoutMs: number, look: Look<T>): Promise<NonNullable<T>> {
  const isGood = ([sign, isOver]: [T, boolean, string]) => isOver || Boolean(sign)
  const [sign, , output] = await waitFor(look, isGood, timeoutMs)
  if (sign) return sign
  throw new Error(`${title} has ended:\n${output}`)
}

/** Whether a port of this machine takes connections. */
function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(-pid, signal)
  } catch {
    // Nobody is left in it.
  }
}

/** It has ended when nobody holds its output any more, what it has started included. */
async function stopGroup(pid: number, ended: Promise<ProjectEnd>): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    signalGroup(pid, signal)
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GRACE_MS)
    })
    const isOver = await Promise.race([ended.then(() => true), patience])
    clearTimeout(timer)
    if (isOver === true) return
  }
}
