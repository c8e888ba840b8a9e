/** Runs a command of the repository as a person would, in a process of its own. */

import { type ChildProcess, spawn } from 'node:child_process'
import { ROOT } from '../../scripts/setup.mjs'

/** What a finished command left. */
export interface CommandResult {
  code: number | null
  stdout: string
  stderr: string
}

/** A command that is running. */
export interface RunningCommand {
  child: ChildProcess
  /** Everything printed so far, both streams. */
  output: () => string
  /** Resolves when it has ended. */
  finished: Promise<CommandResult>
}

/** Starts a command in the root folder, in a process group of its own as a terminal does. */
export function startCommand(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): RunningCommand {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const finished = new Promise<CommandResult>((resolve) => {
    child.on('error', (error) => resolve({ code: null, stdout, stderr: String(error) }))
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  return { child, output: () => stdout + stderr, finished }
}

/** Runs a command to its end. */
export function runCommand(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<CommandResult> {
  return startCommand(command, args, env).finished
}

/** Sends a signal to the whole group, as Ctrl-C in a terminal does. */
export function signalGroup({ child }: RunningCommand, signal: NodeJS.Signals): void {
  if (child.pid !== undefined) process.kill(-child.pid, signal)
}
