/** Runs the commands of a script one after the other, each with a line that says what it is and how long it took. */

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ROOT } from './setup.mjs'

/** Options of {@link runStep}. */
export interface StepOptions {
  /** Print the output as it comes instead of only when it fails. Default false. */
  isLoud?: boolean
  env?: Record<string, string>
}

/**
 * Runs a command in the root folder.
 *
 * @throws Error when it fails, after its output was printed
 */
export async function runStep(
  title: string,
  command: string,
  args: string[],
  options: StepOptions = {},
): Promise<void> {
  const startedAt = Date.now()
  const { code, output } = await run(command, args, options)
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
  if (code !== 0) {
    console.error(output)
    throw new Error(`${title} failed (${[command, ...args].join(' ')})`)
  }
  console.error(`millrace: ${title} ok (${seconds} s)`)
}

function run(
  command: string,
  args: string[],
  options: StepOptions,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: options.isLoud === true ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    })
    const chunks: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', (error) => resolve({ code: 1, output: String(error) }))
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }))
  })
}

/**
 * Runs `main` when the module is the script that was started, not when it is imported. A failure is one line and exit
 * code 1; the steps have printed what there is to see.
 */
export async function runAsScript(moduleUrl: string, main: () => Promise<void>): Promise<void> {
  if (process.argv[1] !== fileURLToPath(moduleUrl)) return
  try {
    await main()
  } catch (error) {
    console.error(`millrace: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
