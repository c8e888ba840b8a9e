/** The whole stack with a meter around its Worker, heartbeats included, and what the process of the runtime uses. */

import { startTestStack } from '../../../test/support/stack.ts'
import { withWorkerBundle } from '../../../test/support/worker-bundle.ts'
import { readCpuSeconds } from '../collector/process-usage.ts'
import { childProcessIds } from '../live/processes.ts'
import { ENTRY, METER_PATH, type MeterAnswer, type MeterOrder } from './entry.ts'
import { countOf, type Tally } from './tally.ts'
import { createTraffic, type EventSize } from './traffic.ts'

/** The counted stack. */
export interface CountedStack {
  /** Everything counted so far. */
  read: () => Promise<MeterAnswer>
  /** Posts one batch. Gives the bytes of its body. */
  post: (events: number, size: EventSize) => Promise<number>
  /** Resolves when as many messages were read as written, and the consumer had time to end. */
  drain: () => Promise<void>
  /** Whether the consumer acknowledges everything and does nothing. */
  idleConsumer: (isIdle: boolean) => Promise<void>
  runCron: () => Promise<void>
  /** Processor seconds of workerd since it was started. */
  cpuSeconds: () => number
  /** Bytes and rows of what is published of the source's events. */
  lakeBytes: () => Promise<{ bytes: number; objects: number }>
  /** Events in ClickHouse. */
  countEvents: () => Promise<number>
}

/** Longest that a backlog is waited for. */
const DRAIN_MS = 180_000

/** Runs something with the stack, and ends it. */
export function withCountedStack<T>(use: (stack: CountedStack) => Promise<T>): Promise<T> {
  return withWorkerBundle({ entry: ENTRY }, async (scriptPath) => {
    const stack = await startTestStack({ scriptPath, variables: { MILLRACE_HEARTBEAT: 'on' } })
    try {
      return await use(createCountedStack(stack))
    } finally {
      await stack.stop()
    }
  })
}

function createCountedStack(stack: Awaited<ReturnType<typeof startTestStack>>): CountedStack {
  const { url } = stack.worker
  const traffic = createTraffic()
  const [pid = 0] = childProcessIds('workerd')
  const read = async (): Promise<MeterAnswer> => {
    const response = await fetch(`${url}${METER_PATH}`)
    return (await response.json()) as MeterAnswer
  }
  return {
    read,
    async post(events, size) {
      const body = traffic.next(events, size)
      const response = await fetch(`${url}/v1/batch`, { method: 'POST', body })
      const text = await response.text()
      if (text !== '{"success":true}') throw new Error(`the collector answered ${response.status}: ${text}`)
      return body.length
    },
    async drain() {
      const deadline = Date.now() + DRAIN_MS
      for (;;) {
        const { tally } = await read()
        if (waiting(tally) === 0) break
        if (Date.now() > deadline) throw new Error(`${waiting(tally)} messages still wait`)
        await pause(200)
      }
    },
    async idleConsumer(isConsumerIdle) {
      const body = JSON.stringify({ isConsumerIdle } satisfies MeterOrder)
      await fetch(`${url}${METER_PATH}`, { method: 'POST', body })
    },
    runCron: stack.worker.triggerCron,
    cpuSeconds: () => readCpuSeconds(pid),
    async lakeBytes() {
      const keys = await stack.worker.listObjects('events/source=dev/')
      const sizes = await Promise.all(
        keys.map(async (key) => (await stack.worker.readBytes(key))?.length ?? 0),
      )
      return { bytes: sizes.reduce((sum, size) => sum + size, 0), objects: keys.length }
    },
    async countEvents() {
      const [row] = await stack.query<{ n: string }>("SELECT count() AS n FROM events WHERE source = 'dev'")
      return Number(row?.n)
    },
  }
}

/** Messages that were written and whose batch is not done. */
function waiting(tally: Tally): number {
  return countOf(tally, 'messages written') - countOf(tally, 'messages done')
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
