/** Starts the process that makes the load and plays the queue, pinned to a core, and talks to it. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { DriverMessage, LoadCommand } from './driver-process.ts'
import type { LoadResult } from './load.ts'

/** A running driver. */
export interface Driver {
  /** Where a queue binding is to post its messages. */
  sinkPort: number
  /** Rejects when an answer was not what it should be. */
  load: (command: LoadCommand) => Promise<LoadResult & { enqueuedCount: number }>
  stop: () => void
}

/**
 * Starts it on the given core.
 *
 * @throws {Error} on a machine that cannot keep two processes apart
 */
export async function startDriver(core: number): Promise<Driver> {
  if (process.platform !== 'linux' || availableParallelism() < 2) {
    throw new Error(
      `the collector is measured on Linux with two cores; this is ${process.platform} with ${availableParallelism()}`,
    )
  }
  const child = fork(fileURLToPath(new URL('driver-process.ts', import.meta.url)), [], {
    execPath: 'taskset',
    execArgv: ['--cpu-list', String(core), process.execPath],
  })
  const ready = await nextMessage(child)
  if (ready.kind !== 'ready') throw new Error(`the load process did not start: ${JSON.stringify(ready)}`)
  return {
    sinkPort: ready.sinkPort,
    async load(command) {
      child.send(command)
      const message = await nextMessage(child)
      if (message.kind === 'done') return message.result
      throw new Error(message.kind === 'failed' ? message.error : 'the load process started again')
    },
    stop: () => child.disconnect(),
  }
}

async function nextMessage(child: ChildProcess): Promise<DriverMessage> {
  const waiting = new AbortController()
  const exited = once(child, 'exit', waiting).then(([code]) => {
    throw new Error(`the load process ended with ${code}`)
  })
  try {
    const [message] = (await Promise.race([once(child, 'message', waiting), exited])) as [DriverMessage]
    return message
  } finally {
    exited.catch(() => {
      // Ended by the abort: nobody waits for the exit any more.
    })
    waiting.abort()
  }
}
