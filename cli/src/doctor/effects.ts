/** What the doctor needs of the world beside the network, and where it gets it from by default. */

import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { MillraceConfig } from '@millrace/schemas/config'
import type { CollectorFetch } from '../collector-request.ts'
import { loadConfig } from '../load-config.ts'
import { type Goal, readGoal } from '../migrate/goal.ts'
import { type RunResult, runWrangler } from '../wrangler/run.ts'
import { type EntryShape, inspectEntry } from './entry-shape.ts'
import { readWranglerConfig, type WranglerConfig } from './wrangler-config.ts'

export type { RunResult }

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
    runWrangler: (args, folder) => runWrangler(args, { cwd: folder }),
    randomHex: () =>
      Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
        byte.toString(16).padStart(2, '0'),
      ).join(''),
  }
}
