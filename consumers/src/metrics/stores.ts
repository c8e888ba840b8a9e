/** What waits in the bucket and in the queues. */

import { DEAD_PREFIX, SPILL_PREFIX, spilledAt } from '@millrace/schemas'
import type { LakeBucket } from '../lake/bucket.ts'
import type { Family } from './text.ts'

/** A queue that may say how much waits in it; older runtimes have no such function. */
export interface MeasuredQueue {
  metrics?: () => Promise<{
    backlogCount: number
    backlogBytes: number
    oldestMessageTimestamp?: Date | undefined
  }>
}

/** One page of a listing: what is more is told as 1,000. */
const PAGE = { limit: 1_000 }

/** What the collector spilled and the queue does not have yet. */
export async function describeSpill(bucket: Pick<LakeBucket, 'list'>, now: number): Promise<Family[]> {
  const { objects } = await bucket.list({ prefix: SPILL_PREFIX, ...PAGE })
  const oldest = objects[0]
  const age = oldest === undefined ? 0 : Math.max(0, now - spilledAt(oldest.key)) / 1_000
  return [
    {
      name: 'millrace_spill_objects',
      help: 'Objects in the bucket that wait for the queue, counted up to 1000.',
      type: 'gauge',
      samples: [{ value: objects.length }],
    },
    {
      name: 'millrace_spill_oldest_seconds',
      help: 'Age of the oldest of them; 0 when there is none.',
      type: 'gauge',
      samples: [{ value: age }],
    },
  ]
}

/** What nothing would take. */
export async function describeDead(bucket: Pick<LakeBucket, 'list'>): Promise<Family[]> {
  const { objects } = await bucket.list({ prefix: DEAD_PREFIX, ...PAGE })
  return [
    {
      name: 'millrace_dead_letters',
      help: 'Dead letters in the bucket, counted up to 1000.',
      type: 'gauge',
      samples: [{ value: objects.length }],
    },
  ]
}

/** How much waits in the queues. Those that do not say are left out. */
export async function describeQueues(queues: Readonly<Record<string, MeasuredQueue>>): Promise<Family[]> {
  const asked = await Promise.all(
    Object.entries(queues).map(async ([queue, binding]) => {
      // Called on the binding: it is the runtime's object, and knows itself.
      const metrics = typeof binding.metrics === 'function' ? await binding.metrics() : undefined
      return metrics === undefined ? [] : [{ queue, ...metrics }]
    }),
  )
  const known = asked.flat()
  const gauge = (name: string, help: string, field: 'backlogCount' | 'backlogBytes'): Family => ({
    ...{ name, help, type: 'gauge' },
    samples: known.map((metrics) => ({ labels: { queue: metrics.queue }, value: metrics[field] })),
  })
  return [
    gauge(
      'millrace_queue_backlog_messages',
      'Messages in a queue that are not acknowledged.',
      'backlogCount',
    ),
    gauge('millrace_queue_backlog_bytes', 'Their bytes.', 'backlogBytes'),
  ]
}
