/** A Worker that answers and does nothing else, on the same runtime: how much of the memory is the runtime's own way. */

import { withWorkerBundle } from '../../../test/support/worker-bundle.ts'
import { readMemoryMiB } from '../live/processes.ts'
import type { LoadStack } from './stack/load-stack.ts'

/** Memory of workerd, MiB. */
export interface BareWorker {
  /** Requests that it answered. */
  requests: number
  /** When it had started. */
  startMiB: number
  /** After two thirds of the requests, and after all. */
  laterMiB: number
  endMiB: number
}

/** The object stays, because the bindings name it. */
const ENTRY = `
export { LiveAggregator } from './worker.ts'
export default {
  async fetch(request) {
    await request.arrayBuffer()
    return new Response('{"success":true}')
  },
  async queue() {},
  async scheduled() {},
}
`

const REQUESTS = 36_000
const CONCURRENCY = 16

const BODY = JSON.stringify({
  batch: [1, 2].map((n) => ({ type: 'track', event: 'x', messageId: `m${n}`, note: 'x'.repeat(300) })),
})

/** Measures in place of the stack's own Worker, which does not come back. */
export async function measureBareWorker(stack: LoadStack): Promise<BareWorker> {
  await stack.endWorker('stop')
  await withWorkerBundle({ entry: ENTRY }, (scriptPath) => stack.startWorker(scriptPath))
  const memory = () => readMemoryMiB(stack.pids().worker ?? 0)
  const startMiB = memory()
  await send(stack.url, (REQUESTS * 2) / 3)
  const laterMiB = memory()
  await send(stack.url, REQUESTS / 3)
  return { requests: REQUESTS, startMiB, laterMiB, endMiB: memory() }
}

async function send(url: string, count: number): Promise<void> {
  let left = count
  const one = async () => {
    while (left-- > 0) {
      const response = await fetch(`${url}/v1/batch`, { method: 'POST', body: BODY })
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, one))
}
