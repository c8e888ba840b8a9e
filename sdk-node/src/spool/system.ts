/** This process as others can tell it from any other, and whether another one still runs. */

import * as nodeFs from 'node:fs'
import { hostname } from 'node:os'
import { attempt, errorCode } from './file-system.ts'

export interface System {
  pid: number
  /** When the process started, in the platform's own unit; 0 where that cannot be known. The same in all its threads. */
  startedAt: number
  /** Where process ids mean the same: the machine and, in a container, its process namespace. */
  host: string
  /** Changes when the machine starts anew; `undefined` where that cannot be known. */
  bootId?: string | undefined
  /** Whether a process of this host runs; with `startedAt` other than 0, whether it is still the same one. */
  isRunning(pid: number, startedAt: number): boolean
}

/** The system by `/proc` on Linux and by signals elsewhere. */
export function createSystem(): System {
  const bootId = readText('/proc/sys/kernel/random/boot_id')?.trim()
  const namespace = attempt(() => nodeFs.readlinkSync('/proc/self/ns/pid'))
  return {
    pid: process.pid,
    startedAt: readStart(process.pid)?.startedAt ?? 0,
    host: namespace === undefined ? hostname() : `${hostname()} ${namespace}`,
    bootId,
    isRunning,
  }
}

function isRunning(pid: number, startedAt: number): boolean {
  const found = readStart(pid)
  if (found === undefined) return answersSignals(pid)
  return !found.isDead && (startedAt === 0 || startedAt === found.startedAt)
}

/** From proc(5): after the name in parentheses, field 3 is the state and field 22 the start in clock ticks since boot. */
function readStart(pid: number): { startedAt: number; isDead: boolean } | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const startedAt = Number(fields[19])
  // A zombie has ended, and only waits for its parent to ask how.
  return Number.isSafeInteger(startedAt) ? { startedAt, isDead: /^[ZX]/.test(fields[0] ?? '') } : undefined
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    // Anything but "no such process" (EPERM: somebody else's) speaks of one that is there.
    return errorCode(cause) !== 'ESRCH'
  }
}

function readText(path: string): string | undefined {
  return attempt(() => nodeFs.readFileSync(path, 'utf8'))
}
