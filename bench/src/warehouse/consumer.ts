/**
 * Consumers as the platform runs them, each in a thread of its own: what one does with its rows must not keep another's
 * request waiting. This module is both the handle and, inside the thread, what runs there.
 */

import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { decodeEnvelope } from '@millrace/schemas'
import { createWarehouse, type WarehouseConnection } from '../../../consumers/src/warehouse/insert.ts'
import { createWarehouseSink } from '../../../consumers/src/warehouse/sink.ts'

/** What a consumer has to write: the texts of the messages of each queue batch. */
interface Work {
  connection: WarehouseConnection
  batches: readonly (readonly string[])[]
}

/** A consumer in a thread. */
export interface Consumer {
  /** Writes all of its batches, one after the other; may be called again. Rejects when one is not written. */
  write: () => Promise<void>
  stop: () => Promise<unknown>
}

/** Starts one; resolves when it has its batches. */
export async function startConsumer(work: Work): Promise<Consumer> {
  const worker = new Worker(new URL(import.meta.url), { workerData: work })
  await once(worker, 'message')
  return {
    async write() {
      worker.postMessage('write')
      const [failure] = await once(worker, 'message')
      if (failure !== undefined) throw new Error(String(failure))
    },
    stop: () => worker.terminate(),
  }
}

if (!isMainThread) {
  const { connection, batches } = workerData as Work
  const sink = createWarehouseSink({ insert: createWarehouse(connection).insert })
  parentPort?.on('message', async () => {
    parentPort?.postMessage(await writeAll().catch(String))
  })
  parentPort?.postMessage(undefined)

  async function writeAll(): Promise<undefined> {
    for (const texts of batches) {
      const deliveries = texts.map((text, place) => {
        const decoded = decodeEnvelope(text)
        if (!decoded.ok) throw new Error(decoded.message)
        return { messageId: String(place), envelope: decoded.envelope }
      })
      const failed = (await sink.write(deliveries)).find(({ kind }) => kind !== 'written')
      if (failed !== undefined) throw new Error(JSON.stringify(failed))
    }
  }
}
