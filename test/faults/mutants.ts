/**
 * Ways to break one guarantee each, without touching production code: a seam gives it something else. Every one names a seed that
 * catches it, and what the catch says.
 */

import { unwrapMessage, wrapMessage } from '@millrace/schemas'
import type { Row } from '@millrace/schemas/native'
import type { QueueMessage } from '../../consumers/src/queue.ts'
import type { Sink } from '../../consumers/src/sink.ts'
import type { ObjectClass } from './world/durable-object.ts'
import type { Seams } from './world/seams.ts'

/** A guarantee, broken on purpose. */
export interface Mutant {
  name: string
  /** The rule of DESIGN section 2 that it breaks. */
  breaks: string
  seams: Partial<Seams>
  /** Seeds of which each catches it. */
  seeds: readonly number[]
}

/** Acknowledges what a sink did not take. */
const trust = (name: Sink['name']) => (sink: Sink) =>
  sink.name !== name
    ? sink
    : {
        ...sink,
        write: async (deliveries: Parameters<Sink['write']>[0]) => {
          const outcomes = await sink.write(deliveries).catch(() => [])
          return deliveries.map((_, at) =>
            outcomes[at]?.kind === 'refused' ? outcomes[at] : { kind: 'written' as const },
          )
        },
      }

/** A class whose objects do another thing in place of a method. */
function withApply(
  real: ObjectClass,
  change: (apply: (request: Apply) => Promise<unknown>, request: Apply) => Promise<unknown>,
): ObjectClass {
  const Base = real as unknown as new (
    ctx: unknown,
    env: unknown,
  ) => { apply(request: Apply): Promise<unknown> }
  return class extends Base {
    override apply(request: Apply): Promise<unknown> {
      return change((same) => super.apply(same), request)
    }
  } as unknown as ObjectClass
}

interface Apply {
  ids: Uint8Array
  earliest: number | null
  change: string
}

let fresh = 0

/** Ids that nobody has seen: the check finds nothing. */
function newIds(ids: Uint8Array): Uint8Array {
  const changed = ids.slice()
  fresh += 1
  for (let at = 0; at + 9 <= changed.length; at += 9)
    new DataView(changed.buffer).setUint32(at, fresh * 7_919 + at)
  return changed
}

const HOUR_MS = 3_600_000

/** All of them. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'the answer before the send',
    breaks: 'durable before ack: nothing waits for queue or bucket',
    seams: {
      makeDurable: (real) => async (texts) => {
        void real(texts).catch(() => {})
        return 'queued'
      },
    },
    seeds: [19],
  },
  {
    name: 'a failed send is answered with success',
    breaks: 'durable before ack: only the queue is asked, and what it says is not heard',
    seams: {
      makeDurable:
        (_, { enqueue }) =>
        async (texts) => {
          await enqueue(texts).catch(() => {})
          return 'queued'
        },
    },
    seeds: [2],
  },
  {
    name: 'the answer before the spill',
    breaks: 'durable before ack: the spill goes on by `waitUntil`',
    seams: {
      makeDurable:
        (_, { enqueue, spill }) =>
        async (texts) => {
          await enqueue(texts).catch(() => void spill(texts).catch(() => {}))
          return 'queued'
        },
    },
    seeds: [4],
  },
  {
    name: 'a failed warehouse insert is acknowledged',
    breaks: 'a sink that fails gets its message again',
    seams: { sink: trust('warehouse') },
    seeds: [2],
  },
  {
    name: 'a failed lake part is acknowledged',
    breaks: 'a sink that fails gets its message again',
    seams: { sink: trust('lake') },
    seeds: [4],
  },
  {
    name: 'a failed live apply is acknowledged',
    breaks: 'a sink that fails gets its message again',
    seams: { sink: trust('live') },
    seeds: [2],
  },
  {
    name: 'a message is acknowledged although the retry queue did not take it',
    breaks: 'only if that send fails too is the original message retried',
    seams: {
      eventsDeps: (deps) => ({
        ...deps,
        retryQueue: { send: (body, options) => deps.retryQueue.send(body, options).catch(() => undefined) },
      }),
    },
    seeds: [19],
  },
  {
    name: 'a message is acknowledged before its sinks have it',
    breaks: 'a message is acknowledged once each sink has it or a queue has what it wants',
    seams: {
      message(message: QueueMessage, queue) {
        if (queue === 'events') queueMicrotask(() => message.ack())
        return message
      },
    },
    seeds: [2],
  },
  {
    name: 'the spill is deleted before it is sent',
    breaks: 'an object is removed only once the queue has all of it',
    seams: {
      spillOptions: (options) => ({
        ...options,
        bucket: {
          ...options.bucket,
          async get(key) {
            const object = await options.bucket.get(key)
            const text = (await object?.text()) ?? ''
            await options.bucket.delete([key])
            return object === null ? null : { text: async () => text }
          },
        },
      }),
    },
    seeds: [4],
  },
  {
    name: 'the retry wrapper loses its sink',
    breaks: 'a failing sink gets its own messages: they go to another one',
    seams: {
      retryQueue: (queue) => ({
        ...queue,
        send: (body, options) => {
          const unwrapped = unwrapMessage(body)
          if (unwrapped === undefined) return queue.send(body, options)
          const { error, messageId } = unwrapped.wrapper
          return queue.send(wrapMessage({ sink: 'quarantine', error, messageId }, unwrapped.body), options)
        },
      }),
    },
    seeds: [2],
  },
  {
    name: 'a dead letter is not archived',
    breaks: 'what nobody takes is archived before it is acknowledged',
    seams: {
      // Without tries, so that there are dead letters; and their archive is lost.
      deadDeps: (deps) => ({ ...deps, bucket: { put: async () => undefined } }),
      eventsDeps: (deps) => ({ ...deps, retryQueue: deps.deadQueue }),
    },
    seeds: [2],
  },
  {
    name: 'live windows do not look at ids',
    breaks: 'a redelivered batch is counted once',
    seams: {
      aggregator: (real) =>
        withApply(real, (apply, request) => apply({ ...request, ids: newIds(request.ids) })),
    },
    seeds: [2],
  },
  {
    name: 'ids are written apart from the change',
    breaks: 'the ids and the change they made are one transaction',
    seams: {
      aggregator: (real) =>
        withApply(real, async (apply, request) => {
          // The change first, under ids of its own; a moment later the ids, with no change.
          const first = (await apply({ ...request, ids: newIds(request.ids) })) as { kind: string }
          if (first.kind !== 'applied') return first
          await new Promise((resolve) => setTimeout(resolve, 20))
          return apply({ ...request, change: emptyChange(request.change) })
        }),
    },
    seeds: [2],
  },
  {
    name: 'the answer of a live object before its write is durable',
    breaks: 'output gates: what is answered is stored',
    seams: {
      aggregator: (real) =>
        class extends (real as unknown as new (ctx: { storage: object }, env: unknown) => object) {
          constructor(ctx: { storage: { transactionSync: <T>(act: () => T) => T } }, env: unknown) {
            super({ ...ctx, storage: { ...ctx.storage, transactionSync: forgetful(ctx.storage) } }, env)
          }
        } as unknown as ObjectClass,
    },
    seeds: [2],
  },
  {
    name: 'the corrected time is in the sorting key',
    breaks: 'the key is the same for every copy of an event',
    seams: {
      sortingKey: (_, row) =>
        `${row['source']} ${Math.floor(Number(row['timestamp']) / HOUR_MS)} ${row['timestamp']} ${row['message_id']}`,
    },
    seeds: [2],
  },
  {
    name: 'the roll-up is incremented by the insert',
    breaks: 'roll-ups are recomputed from the deduplicated rows',
    seams: { rollup: (_, inserted) => countAll(inserted) },
    seeds: [2],
  },
  {
    name: 'parts of the lake are deleted before the files are there',
    breaks: 'a part goes once its events are published',
    seams: {
      lakeJobBucket: (bucket) => ({
        ...bucket,
        async get(key, options) {
          const object = await bucket.get(key, options)
          if (object !== null && key.startsWith('parts/source=')) await bucket.delete(key)
          return object
        },
      }),
    },
    seeds: [2],
  },
  {
    name: 'files of the lake are named by the run',
    breaks: 'a file is replaced by a key that does not depend on the batch',
    seams: {
      // The run does not see what is published, so it writes a batch of its own beside it.
      lakeJobBucket: (bucket) => ({
        ...bucket,
        put: (key, value, options) =>
          bucket.put(
            key.endsWith('.parquet') && key.startsWith('events/') ? renamed(key) : key,
            value,
            options,
          ),
      }),
    },
    seeds: [2],
  },
  {
    name: 'parts share a number',
    breaks: 'the key of a part is made of its content',
    seams: {
      lakeSinkBucket: (bucket) => ({
        ...bucket,
        // All of ten seconds are one.
        put: (key, value, options) =>
          bucket.put(key.replace(PART_NAME, `$10000-${'0'.repeat(32)}`), value, options),
      }),
    },
    seeds: [2],
  },
]

function emptyChange(change: string): string {
  const parsed = JSON.parse(change) as Record<string, unknown>
  return JSON.stringify({ ...parsed, ...(Array.isArray(parsed['windows']) ? { windows: [] } : {}) })
}

/** Every other write is not written, as one that is not waited for may be. */
function forgetful(storage: { transactionSync: <T>(act: () => T) => T }) {
  let writes = 0
  return <T>(act: () => T): T => {
    writes += 1
    if (writes % 3 !== 0) return storage.transactionSync(act)
    let value: T | undefined
    try {
      storage.transactionSync(() => {
        value = act()
        throw new Error('not written')
      })
    } catch {
      // The point of it.
    }
    return value as T
  }
}

function countAll(rows: readonly Row[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) {
    const minute = String(Math.floor(Number(row['timestamp']) / 60_000))
    counts.set(minute, (counts.get(minute) ?? 0) + 1)
  }
  return counts
}

/** Time and hash of a part. */
const PART_NAME = /(\d{9})\d{4}-[0-9a-f]{32}/

let runs = 0

function renamed(key: string): string {
  runs += 1
  return key.replace('.parquet', `-${runs}.parquet`)
}
