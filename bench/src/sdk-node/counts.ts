/** Counts what arrived of each run, as it arrives: nothing of an event is kept but its number and key. */

import type { FoundEvent } from '../sdk-web/find-events.ts'

/** What arrived of a run. */
export interface RunCounts {
  /** Different events. */
  arrived: number
  /** Events in all requests, repeats included. */
  deliveries: number
  /** Events that stay double after a server's dedupe: each beyond the first under another key, or under none. */
  doubled: number
  /** Requests that carried events of the run. */
  requests: number
  /** Bytes of their bodies as they came. */
  bodyBytes: number
  /** When the last event came that had not come before, in ms since the epoch; 0 when none did. */
  lastAt: number
}

/** Counts of all runs. */
export interface Counts {
  /** A request came with these events. */
  add: (events: readonly FoundEvent[], bodyBytes: number, at: number) => void
  of: (run: string) => RunCounts
}

interface Run extends RunCounts {
  keysOf: Map<number, Set<string>>
}

/** Creates them, empty. */
export function createCounts(): Counts {
  const runs = new Map<string, Run>()
  const find = (name: string): Run => {
    const run = runs.get(name) ?? createRun()
    runs.set(name, run)
    return run
  }
  return {
    add(events, bodyBytes, at) {
      for (const { run: name, i, key } of events) addEvent(find(name), i, key, at)
      for (const name of new Set(events.map(({ run }) => run))) {
        const run = find(name)
        run.requests += 1
        run.bodyBytes += bodyBytes
      }
    },
    of(name) {
      const { keysOf: _, ...counts } = runs.get(name) ?? createRun()
      return counts
    },
  }
}

function addEvent(run: Run, i: number, key: string | undefined, at: number): void {
  run.deliveries += 1
  const keys = run.keysOf.get(i) ?? new Set()
  // Without a key each delivery is another event to the server.
  const name = key ?? `delivery ${run.deliveries}`
  if (keys.size === 0) {
    run.keysOf.set(i, keys)
    run.arrived += 1
    run.lastAt = at
  } else if (!keys.has(name)) {
    run.doubled += 1
  }
  keys.add(name)
}

function createRun(): Run {
  return { arrived: 0, deliveries: 0, doubled: 0, requests: 0, bodyBytes: 0, lastAt: 0, keysOf: new Map() }
}
