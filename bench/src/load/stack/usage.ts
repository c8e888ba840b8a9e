/** What each process uses, second by second: processor time and memory, over restarts. */

import { readCpuSeconds, readPeakMemoryMiB } from '../../collector/process-usage.ts'
import { readMemoryMiB } from '../../live/processes.ts'

/** Processes by what they are. */
export type ProcessName = 'worker' | 'clickhouse' | 'node clients' | 'browser clients' | 'bench'

/** All of {@link ProcessName}. */
export const PROCESS_NAMES = ['worker', 'clickhouse', 'node clients', 'browser clients', 'bench'] as const

/** What processes of one name use, at one moment. */
export interface Usage {
  /** Processor seconds since they were started, of those that are there now. */
  cpuSeconds: number
  /** In RAM now, MiB. */
  memoryMiB: number
  /** The most that they had, each by itself, added up. */
  peakMiB: number
  /** Which processes; another one where it was started again. */
  pids: readonly number[]
}

/** What the system says of processes. Tests have their own. */
export interface ProcessReader {
  cpuSeconds: (pid: number) => number
  memoryMiB: (pid: number) => number
  peakMiB: (pid: number) => number
}

const SYSTEM: ProcessReader = {
  cpuSeconds: readCpuSeconds,
  memoryMiB: readMemoryMiB,
  peakMiB: readPeakMemoryMiB,
}

/** What some processes use; undefined when one of them is gone or there is none. */
export function readUsage(pids: readonly number[], system: ProcessReader = SYSTEM): Usage | undefined {
  if (pids.length === 0) return undefined
  const usage = { cpuSeconds: 0, memoryMiB: 0, peakMiB: 0, pids }
  try {
    for (const pid of pids) {
      usage.cpuSeconds += system.cpuSeconds(pid)
      usage.memoryMiB += system.memoryMiB(pid)
      usage.peakMiB += system.peakMiB(pid)
    }
  } catch {
    // It ended a moment ago.
    return undefined
  }
  return Number.isNaN(usage.memoryMiB) ? undefined : usage
}

/** Processor seconds between two looks; undefined when not the same processes were there at both. */
export function cpuBetween(before: Usage | undefined, after: Usage | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined
  return before.pids.join() === after.pids.join() ? after.cpuSeconds - before.cpuSeconds : undefined
}
