/** The real platform as far as one machine has it: the scripts in workerd, under miniflare. */

import { readFile } from 'node:fs/promises'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { withWorkerBundle } from '../../support/worker-bundle.ts'
import { MAX_RETRIES } from './queue-script.ts'
import type { Question } from './worker.ts'

const ENTRY = `
import { DurableObject } from 'cloudflare:workers'
import { createSubject } from './test/faults/fidelity/object-script.ts'
export class Subject extends createSubject(DurableObject) {}
export { default } from './test/faults/fidelity/worker.ts'
`

/** The platform, asked. */
export interface Asked {
  ask: <T>(question: Question) => Promise<T>
  stop: () => Promise<void>
}

/** Starts it. */
export async function startReal(): Promise<Asked> {
  const script = await withWorkerBundle({ entry: ENTRY }, (path) => readFile(path, 'utf8'))
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [workerOf(script)],
      host: '127.0.0.1',
      port: 0,
      cf: false,
      log: new Log(LogLevel.NONE),
    }),
  )
  await miniflare.ready
  return {
    async ask<T>(question: Question) {
      const response = await miniflare.dispatchFetch('http://fidelity/', {
        method: 'POST',
        body: JSON.stringify(question),
      })
      return ((await response.json()) as { outcome: T }).outcome
    },
    stop: () => miniflare.dispose(),
  }
}

/** Its bindings, and queues as the scripts want them. */
function workerOf(contents: string) {
  return {
    name: 'fidelity',
    modules: [{ type: 'ESModule' as const, path: 'worker.js', contents }],
    compatibilityDate: '2026-01-01',
    r2Buckets: ['BUCKET'],
    durableObjects: { SUBJECT: { className: 'Subject', useSQLite: true } },
    queueProducers: { QUEUE: { queueName: 'fidelity' } },
    queueConsumers: {
      fidelity: {
        maxBatchSize: 100,
        maxBatchTimeout: 0,
        maxRetries: MAX_RETRIES,
        deadLetterQueue: 'fidelity-dead',
      },
      'fidelity-dead': { maxBatchSize: 10, maxBatchTimeout: 0 },
    },
  }
}
