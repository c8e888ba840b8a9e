/** What the doctor needs of the world beside the network, and where it gets it from by default. */

import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { MillraceConfig } from '@millrace/schemas/config'
import type { CollectorFetch } from '../collector-request.ts'
import { loadConfig } from '../load-config.ts'
import { type Goal, readGoal } from '../migrate/goal.ts'
import { type EntryShape, inspectEntry } from './entry-shape.ts'
import { readWranglerConfig, type WranglerConfig } from './wrangler-config.ts'

/** How a program ended. */
export interface RunResult {
  /** `undefined`: there is no such program, or it took too long. */
  code: number | undefined
  stdout: string
  stderr: string
}

/** The world as the checks see it. */
export interface DoctorEffects {
  fetch: CollectorFetch
  /** Milliseconds since 1970. */
  now: () => number
  sleep: (ms: number) => Promise<void>
  /** Rejects with what is wrong with it. */
  loadConfig: (path: string) => Promise<MillraceConfig>
  /** What ClickHouse is to be brought to; rejects when the configuration cannot be loaded. */
  readGoal: (config: string, place: { database: string; user: string; password: string }) => Promise<Goal>
  /** As wrangler itself reads it, for the environment of that name; rejects with what is wrong with it. */
  readWrangler: (path: string, environment: string | undefined) => Promise<WranglerConfig>
  /** What the Worker's entry exports; rejects when it cannot be bundled. */
  inspectEntry: (path: string) => Promise<EntryShape>
  /** Text of a file, or `undefined`. */
  readText: (path: string) => Promise<string | undefined>
  /** Whether there is a folder of that name. */
  isFolder: (path: string) => Promise<boolean>
  /** Runs wrangler in a folder. Never rejects. */
  runWrangler: (args: readonly string[], folder: string) => Promise<RunResult>
  /** 16 hex digits. */
  randomHex: () => string
}

/** Asking Cloudflare takes wrangler a second or two. */
const RUN_TIMEOUT_MS = 60_000

/** Those of this machine. */
export function createDoctorEffects(fetch: CollectorFetch): DoctorEffects {
  return {
    fetch,
    now: Date.now,
    sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
    loadConfig: (path) => loadConfig(resolve(path), path),
    readGoal,
    readWrangler: readWranglerConfig,
    inspectEntry,
    readText: (path) => readFile(path, 'utf8').catch(() => undefined), // not there, or not to be read
    isFolder: async (path) => (await stat(path).catch(() => undefined))?.isDirectory() === true,
    runWrangler,
    randomHex: () =>
      Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
        byte.toString(16).padStart(2, '0'),
      ).join(''),
  }
}

/** The wrangler that the project has installed; where there is none, `npx` would fetch one, which nobody asked for. */
async function runWrangler(args: readonly string[], folder: string): Promise<RunResult> {
  const program = await findProgram(folder)
  if (program === undefined) return { code: undefined, stdout: '', stderr: 'wrangler is not installed here' }
  return new Promise((done) => {
    execFile(
      process.execPath,
      [program, ...args],
      {
        cwd: folder,
        timeout: RUN_TIMEOUT_MS,
        env: { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '0', WRANGLER_SEND_METRICS: 'false' },
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined
        done({ code, stdout, stderr })
      },
    )
  })
}

async function findProgram(folder: string): Promise<string | undefined> {
  const candidate = join(folder, 'node_modules/wrangler/bin/wrangler.js')
  const found = await stat(candidate).catch(() => undefined)
  if (found?.isFile() === true) return candidate
  const parent = dirname(folder)
  return parent === folder ? undefined : findProgram(parent)
}
