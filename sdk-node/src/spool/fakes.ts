/** Fakes for the spool's tests: a disk whose calls fail when a test says so, time that a test moves, other processes. */

import * as nodeFs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Batch, BatchLimits, Outbox } from '../outbox.ts'
import type { FileSystem } from './file-system.ts'
import { openSpool, type SpoolOptions } from './open-spool.ts'
import type { System } from './system.ts'
import type { SpoolTrouble } from './trouble.ts'

export const LIMITS: BatchLimits = { maxEvents: 3, maxBytes: 100_000 }

/** A folder that is gone after the test. */
export function makeFolder(): string {
  const path = nodeFs.mkdtempSync(join(tmpdir(), 'millrace-spool-'))
  onTestFinished(() => nodeFs.rmSync(path, { recursive: true, force: true }))
  return path
}

/** Every file under a folder, by its path within, in order. */
export function filesIn(path: string): string[] {
  const names = nodeFs.readdirSync(path, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile())
  return files.map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1)).sort()
}

/** What the n-th call (from 1) is to do: fail, or die half done. */
export type Fault = (call: { name: string; number: number; args: unknown[] }) => 'fail' | undefined

/** The platform's functions, counted; those that `fault` picks throw `code`, a write after half of its bytes. */
export function createFaultyFs(fault: Fault, code = 'ENOSPC'): FileSystem & { calls(): number } {
  let number = 0
  function call(name: string, args: unknown[]): unknown {
    number += 1
    const real = Reflect.get(nodeFs, name) as (...args: unknown[]) => unknown
    if (fault({ name, number, args }) === undefined) return real(...args)
    if (name === 'writeSync') writeHalf(args)
    const cause = Object.assign(new Error(`${code}: made up for ${name}`), { code })
    if (name !== 'fsync') throw cause
    queueMicrotask(() => (args[1] as (cause: Error) => void)(cause))
    return undefined
  }
  return new Proxy(nodeFs as unknown as FileSystem & { calls(): number }, {
    get: (_, name) => (name === 'calls' ? () => number : (...args: unknown[]) => call(String(name), args)),
  })
}

function writeHalf([fd, data, offset, length, position]: unknown[]): void {
  if (!(data instanceof Uint8Array)) return
  try {
    nodeFs.writeSync(Number(fd), data, Number(offset), Math.floor(Number(length) / 2), Number(position))
  } catch {
    // The fault of a call whose descriptor never was: nothing to tear.
  }
}

/** Time that only `advance` moves, with timers, and turns of the event loop that only `turn` makes. */
export function createFakeTime() {
  // Files are dated by the real clock.
  let time = Date.now()
  let timers: { at: number; callback: () => void }[] = []
  const deferred: (() => void)[] = []

  function turn(): void {
    for (const callback of deferred.splice(0)) callback()
  }

  return {
    now: () => time,
    turn,
    after(delayMs: number, callback: () => void) {
      const timer = { at: time + delayMs, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    defer: (callback: () => void) => void deferred.push(callback),
    /** Time passes and nothing runs: the process is suspended. */
    jump(ms: number): void {
      time += ms
    },
    advance(ms: number): void {
      const end = time + ms
      for (;;) {
        turn()
        const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        time = Math.max(time, next.at)
        next.callback()
      }
      time = end
    },
  }
}

/** Processes of one machine: those in `running` live. */
export function createFakeSystem(pid: number, running: Set<number>): System {
  return { pid, startedAt: 1, host: 'h', bootId: 'b', isRunning: (other) => running.has(other) }
}

export interface TestSpool {
  spool: Outbox
  time: ReturnType<typeof createFakeTime>
  troubles: SpoolTrouble[]
  /** How often `onWork` was called. */
  workCount(): number
}

let lastPid = 1_000
let lastId = 0

/** A spool of a process of its own, which lives as long as it is in `running`. */
export function openTestSpool(
  options: Partial<SpoolOptions> & { directory: string; running?: Set<number> },
): TestSpool & { pid: number } {
  const { running = new Set(), ...rest } = options
  const pid = ++lastPid
  running.add(pid)
  const time = createFakeTime()
  const troubles: SpoolTrouble[] = []
  let works = 0
  const spool = openSpool({
    destination: 'wk@https://events.example.com',
    stream: `stream${pid}`,
    fsync: 'interval',
    maxQueueBytes: 100_000,
    randomId: () => `id${++lastId}`,
    timers: time,
    now: time.now,
    defer: time.defer,
    system: createFakeSystem(pid, running),
    onTrouble: (trouble) => troubles.push(trouble),
    onWork: () => works++,
    ...rest,
  })
  return { spool, time, troubles, pid, workCount: () => works }
}

/** Adds events `{"n":from}` … and returns their texts. */
export function addEvents(spool: Outbox, from: number, count: number): string[] {
  const texts = Array.from({ length: count }, (_, index) => JSON.stringify({ n: from + index }))
  return texts.filter((json) => spool.add({ json, bytes: json.length }) !== undefined)
}

/** Takes and settles until nothing comes any more. */
export function takeAll(spool: Outbox, limits = LIMITS): Batch[] {
  const batches: Batch[] = []
  for (let batch = spool.take(limits, 'all'); batch !== undefined; batch = spool.take(limits, 'all')) {
    batches.push(batch)
    spool.settle(batch)
  }
  return batches
}
