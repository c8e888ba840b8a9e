/** Processor time of the collector alone: workerd itself with the built Worker, the queue played by this process. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { runLoad } from '../collector/load.ts'
import { COLLECTOR_WORKER, CONNECTIONS, WARM_UP_MS, WORKERD_CORE } from '../collector/measurement.ts'
import { readCpuSeconds } from '../collector/process-usage.ts'
import { startWorkerd, type Workerd } from '../collector/workerd.ts'
import type { Shape } from './runs.ts'
import { createTraffic } from './traffic.ts'

const SLICE_MS = 3_000

/** Events of a pool, so that no cache sees the same one again soon. */
const POOL_EVENTS = 1_600

/** Source: miniflare's queue broker. */
const ANSWER = '{"metadata":{"metrics":{"backlogCount":0,"backlogBytes":0,"oldestMessageTimestamp":0}}}'

/** Milliseconds a request of each shape, in their order. */
export async function measureCollectorCpu(shapes: readonly Shape[]): Promise<number[]> {
  const queue = await startQueue()
  const where = { queuePort: queue.port, core: WORKERD_CORE }
  const collector = await startWorkerd({ ...where, workerPath: COLLECTOR_WORKER })
  try {
    const results: number[] = []
    for (const shape of shapes) results.push(await measureShape(collector, shape))
    return results
  } finally {
    await collector.stop()
    queue.stop()
  }
}

/** Answers what the queue binding expects. Unlike the sink of `collector` it ends with the measurement. */
async function startQueue(): Promise<{ port: number; stop: () => void }> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => response.setHeader('Content-Type', 'application/json').end(ANSWER))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function measureShape({ pid, port }: Workerd, { events, size }: Shape): Promise<number> {
  const traffic = createTraffic()
  const requests = Array.from({ length: Math.max(8, Math.ceil(POOL_EVENTS / events)) }, () =>
    buildRequest(traffic.next(events, size)),
  )
  const load = (durationMs: number) => runLoad({ port, requests, connectionCount: CONNECTIONS, durationMs })
  await load(WARM_UP_MS)
  const before = readCpuSeconds(pid)
  const { answeredCount } = await load(SLICE_MS)
  return ((readCpuSeconds(pid) - before) * 1_000) / answeredCount
}

function buildRequest(body: string): Buffer {
  const head = [
    'POST /v1/batch HTTP/1.1',
    'Host: collector.example',
    'Content-Type: text/plain;charset=UTF-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
    'Origin: https://shop.example',
    'Referer: https://shop.example/',
    '\r\n',
  ]
  return Buffer.from(`${head.join('\r\n')}${body}`)
}
