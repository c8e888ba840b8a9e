/** Runs the wrangler that a project has installed. Knows how a program is run, not what is asked of it. */

import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'

/** How a program ended. */
export interface RunResult {
  /** `undefined`: there is no such program, it took too long, or a signal ended it; `stderr` says which. */
  code: number | undefined
  stdout: string
  stderr: string
}

/** Options of {@link RunWrangler}. */
export interface RunOptions {
  /** Folder that it runs in, and where its package is looked for, and in the folders above. */
  cwd: string
  /** What it reads on its standard input. Default nothing. */
  stdin?: string | undefined
  /** Variables beside those of this process; `undefined` takes one away. */
  env?: Readonly<Record<string, string | undefined>> | undefined
  /** Told of each line as it is printed, of either stream. */
  onLine?: ((line: string) => void) | undefined
  /** Default 60 s: asking Cloudflare takes a second or two. */
  timeoutMs?: number | undefined
  /** Ends it when aborted. */
  signal?: AbortSignal | undefined
}

/** Runs wrangler with these arguments. Never rejects. */
export type RunWrangler = (args: readonly string[], options: RunOptions) => Promise<RunResult>

const TIMEOUT_MS = 60_000

/** How long a program that was told to end may take before it is ended. */
const GRACE_MS = 3_000

/** What is said where a project has none; `npx` would fetch one, which nobody asked for. */
export const NOT_INSTALLED = 'wrangler is not installed here'

/**
 * No questions, colours or statistics: nobody sits before it. But what it is asked for is to be printed, though this process
 * may have asked wrangler's reader of configurations for silence: see `readWranglerConfig`.
 */
const QUIET = {
  ...{ CI: '1', NO_COLOR: '1', FORCE_COLOR: '0' },
  ...{ WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG: 'log' },
}

/** The one of the project, in a process of its own. */
export const runWrangler: RunWrangler = async (args, options) => {
  const program = await findProgram(options.cwd)
  if (program === undefined) return { code: undefined, stdout: '', stderr: NOT_INSTALLED }
  return runProgram([program, ...args], options)
}

function runProgram(
  args: readonly string[],
  { cwd, stdin, env = {}, onLine, timeoutMs = TIMEOUT_MS, signal }: RunOptions,
): Promise<RunResult> {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...QUIET, ...env } })
    const [stdout, stderr] = [collect(child.stdout, onLine), collect(child.stderr, onLine)]
    let why = ''
    const end = (reason: string) => {
      why ||= reason
      child.kill('SIGTERM')
      setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref()
    }
    const timer = setTimeout(() => end(`wrangler did not end within ${timeoutMs / 1_000} s`), timeoutMs)
    const abort = () => end('interrupted')
    signal?.addEventListener('abort', abort)
    if (signal?.aborted === true) abort()
    const finish = (code: number | null, error = '') => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      const ended = code ?? undefined
      const said = stderr()
      if (ended !== undefined && why === '') done({ code: ended, stdout: stdout(), stderr: said })
      else done({ code: undefined, stdout: stdout(), stderr: why || error || said || 'wrangler was ended' })
    }
    child.once('error', (error) => finish(null, error.message))
    child.once('close', (code) => finish(code))
    // It may have ended without reading it.
    child.stdin.on('error', () => {})
    child.stdin.end(stdin ?? '')
  })
}

/** Keeps what a stream gives, and tells its lines; without colours, which wrangler's errors have whatever is asked. */
function collect(stream: Readable, onLine: RunOptions['onLine']): () => string {
  const chunks: string[] = []
  stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  if (onLine !== undefined)
    createInterface({ input: stream }).on('line', (line) => onLine(stripVTControlCharacters(line)))
  return () => stripVTControlCharacters(chunks.join(''))
}

async function findProgram(folder: string): Promise<string | undefined> {
  const candidate = join(folder, 'node_modules/wrangler/bin/wrangler.js')
  const found = await stat(candidate).catch(() => undefined) // not there
  if (found?.isFile() === true) return candidate
  const parent = dirname(folder)
  return parent === folder ? undefined : findProgram(parent)
}
