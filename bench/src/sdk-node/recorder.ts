/** The recording collector, in a process of its own so that its work is not the measured process's, nor this one's. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RunCounts } from './counts.ts'

/** What the process is asked. */
export type Question = { id: number } & (
  | { ask: 'accept' | 'refuse' | 'cut off' | 'cut off count' }
  | { ask: 'counts'; run: string }
)

/** What it answers. */
export interface Answer {
  id: number
  value: unknown
}

/** A running recorder. */
export interface NodeRecorder {
  /** Where SDKs send to. */
  endpoint: string
  /** Takes events again. */
  accept: () => Promise<void>
  /** Refuses connections. */
  refuse: () => Promise<void>
  /** Takes connections and closes them at once. */
  cutOff: () => Promise<void>
  /** Connections that were closed so, since the start. */
  cutOffCount: () => Promise<number>
  counts: (run: string) => Promise<RunCounts>
  /**
   * Waits until `events` of a run have arrived, or nothing new came for `quietMs`.
   *
   * @returns what arrived
   */
  settled: (run: string, events: number, quietMs: number) => Promise<RunCounts>
  stop: () => Promise<void>
}

const ENTRY = fileURLToPath(new URL('./recorder-process.ts', import.meta.url))

/** Pause between two looks. */
const LOOK_MS = 50

/** Starts one on a free port of loopback. */
export async function startNodeRecorder(): Promise<NodeRecorder> {
  const child = fork(ENTRY, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: ['--no-warnings'] })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const ask = createAsk(child)
  const port = await ask<number>({ ask: 'accept' })
  const counts = (run: string) => ask<RunCounts>({ ask: 'counts', run })
  return {
    endpoint: `http://127.0.0.1:${port}`,
    accept: () => ask({ ask: 'accept' }),
    refuse: () => ask({ ask: 'refuse' }),
    cutOff: () => ask({ ask: 'cut off' }),
    cutOffCount: () => ask({ ask: 'cut off count' }),
    counts,
    settled: (run, events, quietMs) => waitUntilSettled(() => counts(run), events, quietMs),
    async stop() {
      process.removeListener('exit', kill)
      if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
    },
  }
}

/** Waits as {@link NodeRecorder.settled} says. */
async function waitUntilSettled(
  look: () => Promise<RunCounts>,
  events: number,
  quietMs: number,
): Promise<RunCounts> {
  let last = await look()
  let changedAt = Date.now()
  while (last.arrived < events && Date.now() - changedAt < quietMs) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    const now = await look()
    if (now.arrived !== last.arrived) changedAt = Date.now()
    last = now
  }
  return last
}

type Ask = Question extends infer One ? (One extends { id: number } ? Omit<One, 'id'> : never) : never

function createAsk(child: ChildProcess): <T>(question: Ask) => Promise<T> {
  let next = 0
  const waiting = new Map<number, (value: unknown) => void>()
  child.on('message', ({ id, value }: Answer) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  })
  return <T>(question: Ask) => {
    const id = next++
    return new Promise<T>((resolve, reject) => {
      waiting.set(id, resolve as (value: unknown) => void)
      child.send({ ...question, id }, (error) => {
        if (error) reject(error)
      })
    })
  }
}
