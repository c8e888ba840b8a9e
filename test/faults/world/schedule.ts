/** Virtual time: a heap of what is to happen, in the order of when, and a loop that lets everything settle in between. */

import type { TimerHandle, WorldClock } from './world.ts'

/** Taken before anybody replaces it. */
const yieldToLoop = globalThis.setImmediate

interface Entry {
  readonly id: number
  readonly at: number
  run: (() => void) | undefined
}

/** Virtual time of one world. */
export interface Schedule extends WorldClock {
  /** Moves time on, from one thing to the next, until it is `at` or `isDone`. */
  runUntil: (at: number, isDone?: () => boolean) => Promise<void>
  /** How many things happened. */
  steps: () => number
}

/** A schedule that begins at a time, in milliseconds since 1970. */
export function createSchedule(startMs: number): Schedule {
  const heap: Entry[] = []
  let now = startMs
  let nextId = 1
  let steps = 0
  // Settled work asks for the loop to turn only once for several that happen at the same instant.
  const settle = () => new Promise<void>((resolve) => yieldToLoop(resolve))

  const schedule: Schedule = {
    now: () => now,
    setTimeout(run, ms) {
      const entry = { id: nextId++, at: now + (ms > 0 ? Math.ceil(ms) : 0), run }
      push(heap, entry)
      return entry
    },
    clearTimeout(handle) {
      // It stays in the heap, empty, until its time has come.
      if (handle !== undefined) (handle as Entry).run = undefined
    },
    sleep: (ms) => new Promise((resolve) => void schedule.setTimeout(resolve, ms)),
    skewed: (ms) => (typeof ms === 'number' ? () => now + ms : () => now + ms()),
    steps: () => steps,
    async runUntil(at, isDone = () => false) {
      await settle()
      while (!isDone()) {
        const next = heap[0]
        if (next === undefined || next.at > at) break
        pop(heap)
        const { run } = next
        if (run === undefined) continue
        now = Math.max(now, next.at)
        next.run = undefined
        steps += 1
        run()
        await settle()
      }
      if (!isDone()) now = Math.max(now, at)
    },
  }
  return schedule
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.id < b.id)
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = heap[parent] as Entry
    if (!isBefore(entry, above)) break
    heap[at] = above
    at = parent
  }
  heap[at] = entry
}

function pop(heap: Entry[]): void {
  const last = heap.pop() as Entry
  if (heap.length === 0) return
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1
    if (!isBefore(heap[child] as Entry, last)) break
    heap[at] = heap[child] as Entry
    at = child
  }
  heap[at] = last
}

export type { TimerHandle }
