/** Entry of the process that an SDK is measured in: does one {@link Task} and says how it goes on file descriptor 3. */

import { writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readPeakMemoryMiB } from '../collector/process-usage.ts'
import { watchAttempts } from './attempts.ts'
import { buildProperties, type CreateSubject, type Subject } from './subject.ts'
import type { Ending, Order, Task, Word } from './task.ts'

/** Calls between two turns of the event loop. */
const BATCH_CALLS = 100

/** Longest wait for a `flush()` that is no subject of the measurement. */
const FLUSH_MS = 5_000

const CPU_EVERY_MS = 100

const STAY_MS = 60_000

const DROPS_EVERY_MS = 500

const { subject: name, options, task } = JSON.parse(process.argv[2] ?? '') as Order
const path = fileURLToPath(new URL(`./subjects/${name}.ts`, import.meta.url))
const { createSubject } = (await import(path)) as { createSubject: CreateSubject }
const attempts = watchAttempts()
await run(await createSubject(options), task)

async function run(subject: Subject, { ...order }: Task): Promise<void> {
  if (order.kind === 'pace') await measurePace(subject, order.rounds, order.calls)
  else if (order.kind === 'cost') await measureCost(subject, order.events)
  else if (order.kind === 'end') await end(subject, order.events, order.ending)
  else if (order.kind === 'outage') await endure(subject, order.events, order.durationMs)
  else await recover(subject)
}

async function measurePace(subject: Subject, rounds: number, calls: number): Promise<void> {
  let next = 0
  for (let round = 0; round <= rounds; round += 1) {
    let spentMs = 0
    for (let done = 0; done < calls; done += BATCH_CALLS) {
      const batch = Array.from({ length: BATCH_CALLS }, () => buildProperties(options, next++))
      const startedAt = performance.now()
      for (const properties of batch) subject.track(properties)
      spentMs += performance.now() - startedAt
      await turn()
    }
    // The first warms up.
    if (round > 0) say({ word: 'round', at: Date.now(), micros: (spentMs * 1_000) / calls })
    await atMost(FLUSH_MS, subject.flush())
  }
  process.exit(0)
}

async function measureCost(subject: Subject, events: number): Promise<void> {
  const before = process.cpuUsage()
  const sayCpu = () => {
    const { user, system } = process.cpuUsage(before)
    say({ word: 'cpu', at: Date.now(), micros: user + system })
  }
  await trackInTurns(subject, events)
  say({ word: 'tracked', at: Date.now() })
  setInterval(sayCpu, CPU_EVERY_MS)
  await subject.flush()
}

async function end(subject: Subject, events: number, ending: Ending): Promise<void> {
  for (let i = 0; i < events; i += 1) subject.track(buildProperties(options, i))
  // Whoever started it ends it; where nobody does, it ends.
  if (ending === 'stay') setTimeout(() => process.exit(1), STAY_MS)
  say({ word: 'tracked', at: Date.now() })
  if (ending === 'exit') process.exit(0)
  if (ending === 'sigterm itself') process.kill(process.pid, 'SIGTERM')
  if (ending !== 'flush') return
  await subject.flush()
  process.exit(0)
}

async function endure(subject: Subject, events: number, durationMs: number): Promise<void> {
  const before = readMemory()
  const startedAt = performance.now()
  await trackInTurns(subject, events)
  say({ word: 'tracked', at: Date.now() })
  await new Promise((resolve) => setTimeout(resolve, durationMs - (performance.now() - startedAt)))
  const { requests, connections } = attempts()
  const peakGrowth = readPeak() - before.peak
  const heapGrowth = readMemory().heap - before.heap
  say({ word: 'memory', at: Date.now(), memory: { heapGrowth, peakGrowth, requests, connections } })
  const sayDrops = () => say({ word: 'drops', at: Date.now(), count: subject.toldDrops() })
  sayDrops()
  setInterval(sayDrops, DROPS_EVERY_MS)
}

async function recover(subject: Subject): Promise<void> {
  await subject.recover?.()
  say({ word: 'closed', at: Date.now() })
  process.exit(0)
}

async function trackInTurns(subject: Subject, events: number): Promise<void> {
  for (let i = 0; i < events; i += 1) {
    subject.track(buildProperties(options, i))
    if ((i + 1) % BATCH_CALLS === 0) await turn()
  }
}

/** In use after two collections, the second for what the first let go of. */
function readMemory(): { heap: number; peak: number } {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return { heap: heapUsed + external, peak: readPeak() }
}

/** Bytes. `resourceUsage()` would give what the process was before it became this one: a copy of its parent. */
function readPeak(): number {
  return readPeakMemoryMiB(process.pid) * 2 ** 20
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function atMost(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const timeUp = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref())
  await Promise.race([work, timeUp])
}

/** At once: a process that is about to end has no later. */
function say(word: Word): void {
  writeSync(3, `${JSON.stringify(word)}\n`)
}
