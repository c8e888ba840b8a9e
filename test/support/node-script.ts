/** Programs of a few lines, each in a process of its own. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../../scripts/setup.mjs'

/** How a program ended. */
export interface ScriptEnd {
  code: number | null
  signal: NodeJS.Signals | null
  /** Standard output and error. */
  output: string
}

/** Longest time in milliseconds that a program may take. */
const TIMEOUT_MS = 60_000

/**
 * Runs the text of a module, or of CommonJS, which may import the workspace's packages as users do: built. The program is
 * killed when it takes over a minute.
 */
export async function runScript(text: string, kind: 'module' | 'commonjs' = 'module'): Promise<ScriptEnd> {
  const child = spawn(process.execPath, [`--input-type=${kind}`, '-e', text], {
    cwd: join(ROOT, 'test'),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const end = await new Promise<Omit<ScriptEnd, 'output'>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  clearTimeout(timer)
  return { ...end, output }
}
