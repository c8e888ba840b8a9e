/**
 * The queue refuses, throws or hangs, and the bucket too: whatever was acknowledged is in ClickHouse afterwards, once, and
 * nothing is acknowledged that neither has.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  fourMessages,
  idsOf,
  type MakeBatch,
  type NumberedBatch,
  oneEvent,
  twoMessages,
} from '../support/faulty-batches.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { walkFaults } from '../support/faulty-walk.ts'
import { CRON_ISOLATE, type Fault } from '../support/faulty-worker.ts'

let stack: FaultyStack
beforeAll(async () => {
  stack = await startFaultyStack()
})
afterAll(() => stack.stop())

/** Seconds that the collector asks a client to wait. Source: `collector/src/receive.ts`. */
const RETRY_AFTER_SECONDS = '5'

/** After so long a browser gives up. Source: `collector/src/spill.ts`. */
const PATIENCE_MS = 15_000

describe('a request', () => {
  type Case = [queue: Fault, bucket: Fault, make: MakeBatch]
  const acknowledged: Case[] = [
    ['none', 'refuse', oneEvent],
    ['none', 'refuse', fourMessages],
    ['refuse', 'none', oneEvent],
    ['refuse', 'none', fourMessages],
    ['throw', 'none', oneEvent],
    ['hang', 'none', oneEvent],
    ['hang-then-land', 'none', oneEvent],
    ['hang-then-land', 'none', twoMessages],
    ['land-then-refuse', 'none', oneEvent],
    ['half', 'none', fourMessages],
  ]
  /** Of what is not acknowledged some may land all the same: the client cannot know, and sends it again. */
  const unavailable: [...Case, landed: 'none' | 'some' | 'all'][] = [
    ['refuse', 'refuse', oneEvent, 'none'],
    ['throw', 'throw', oneEvent, 'none'],
    ['hang', 'refuse', oneEvent, 'none'],
    ['refuse', 'hang', oneEvent, 'none'],
    ['hang', 'hang', oneEvent, 'none'],
    ['refuse', 'throw', fourMessages, 'none'],
    ['half', 'refuse', fourMessages, 'some'],
    ['land-then-refuse', 'refuse', oneEvent, 'all'],
    ['refuse', 'land-then-refuse', oneEvent, 'all'],
    ['refuse', 'hang-then-land', oneEvent, 'all'],
    ['hang-then-land', 'hang', twoMessages, 'all'],
    ['hang-then-land', 'hang-then-land', oneEvent, 'all'],
  ]

  interface Played {
    batch: NumberedBatch
    response: Response
    answer: unknown
    durationMs: number
    /** How many of its events were in the bucket's spill when it was answered. */
    spilledCount: number
  }
  const played = new Map<string, Played>()
  let rows: Map<string, number>
  let rowsAfterRetry: Map<string, number>

  // Together, because a hang costs five seconds.
  beforeAll(async () => {
    await Promise.all([...acknowledged, ...unavailable].map(([...one]) => play(one)))
    await stack.drain()
    rows = await stack.countRows('case-')
    for (const { batch, response } of played.values()) {
      if (!response.ok) expect((await stack.postTo('healthy', batch)).status).toBe(200)
    }
    await stack.settle()
    rowsAfterRetry = await stack.countRows('case-')
  })

  const streamOf = (queue: Fault, bucket: Fault, make: MakeBatch) => `case-${queue}-${bucket}-${make.name}`

  async function play([queue, bucket, make]: [Fault, Fault, MakeBatch, ...unknown[]]): Promise<void> {
    const stream = streamOf(queue, bucket, make)
    const batch = make(stream)
    await stack.setFaults(stream, { queue, bucket })
    const startedAt = Date.now()
    const response = await stack.postTo(stream, batch)
    const durationMs = Date.now() - startedAt
    const spilled = await stack.findSpilled()
    const spilledCount = idsOf(batch).filter((id) => spilled.has(id)).length
    played.set(stream, { batch, response, answer: await response.json(), durationMs, spilledCount })
  }

  function outcomeOf(...one: Case): Played {
    const outcome = played.get(streamOf(...one))
    if (outcome === undefined) throw new Error('was not played')
    return outcome
  }

  it.each(acknowledged)('is acknowledged and stored (queue: %s, bucket: %s, %o)', (queue, bucket, make) => {
    const { batch, response, answer, durationMs, spilledCount } = outcomeOf(queue, bucket, make)
    expect(response.status).toBe(200)
    expect(durationMs).toBeLessThan(PATIENCE_MS)
    expect(answer).toEqual({ success: true })
    expect(spilledCount).toBe(queue === 'none' ? 0 : batch.batch.length)
    expect(idsOf(batch).map((id) => rows.get(id))).toEqual(idsOf(batch).map(() => 1))
  })

  it.each(unavailable)(
    'gets 503, and is stored once when it is sent again (queue: %s, bucket: %s, %o, landed: %s)',
    (queue, bucket, make, landed) => {
      const { batch, response, answer, durationMs } = outcomeOf(queue, bucket, make)
      const ids = idsOf(batch)
      expect(response.status).toBe(503)
      expect(durationMs).toBeLessThan(PATIENCE_MS)
      expect(response.headers.get('retry-after')).toBe(RETRY_AFTER_SECONDS)
      expect(answer).toMatchObject({ success: false, code: 'temporarily_unavailable' })
      const found = ids.filter((id) => rows.get(id) === 1).length
      expect(found === 0 ? 'none' : found === ids.length ? 'all' : 'some').toBe(landed)
      expect(ids.map((id) => rowsAfterRetry.get(id))).toEqual(ids.map(() => 1))
    },
  )
})

describe('requests after one that the queue refused', () => {
  it('do not wait for the queue, which hangs by now, and are stored', async () => {
    await stack.setFaults('pause', { queue: 'refuse' })
    expect((await stack.postTo('pause', oneEvent('pause-0'))).status).toBe(200)
    await stack.setFaults('pause', { queue: 'hang' })
    const startedAt = Date.now()
    const batches = Array.from({ length: 20 }, (_, i) => oneEvent(`pause-${i + 1}`))
    const answers = await Promise.all(batches.map((batch) => stack.postTo('pause', batch)))
    expect(Date.now() - startedAt).toBeLessThan(4_000)
    expect(answers.map(({ status }) => status)).toEqual(batches.map(() => 200))
    await stack.drain()
    expect([...(await stack.countRows('pause-')).values()]).toEqual(Array.from({ length: 21 }, () => 1))
  })
})

describe('the cron', () => {
  it('removes from the spill only what the queue has taken', async () => {
    const streams = ['spilled-a', 'spilled-b', 'spilled-c']
    for (const stream of streams) {
      await stack.setFaults(stream, { queue: 'refuse' })
      expect((await stack.postTo(stream, oneEvent(stream))).status).toBe(200)
    }
    const keys = await stack.worker.listObjects('spill/')
    expect(keys).toHaveLength(streams.length)
    for (const queue of ['refuse', 'throw', 'hang', 'land-then-refuse'] as const) {
      await stack.setFaults(CRON_ISOLATE, { queue })
      await stack.worker.triggerCron()
      expect(await stack.worker.listObjects('spill/')).toEqual(keys)
    }
    await stack.drain()
    expect([...(await stack.countRows('spilled-')).values()]).toEqual([1, 1, 1])
  })
})

describe('any sequence of faults', () => {
  /** Another number is another walk. */
  const SEED = 20_261_103
  const CLIENTS = 30
  const BATCHES_EACH = 5

  /** As the platform's minute, but more often, and with a queue that takes half. */
  async function runCronUntil(isOver: () => boolean): Promise<void> {
    await stack.setFaults(CRON_ISOLATE, { queue: 'half' })
    while (!isOver()) {
      await stack.worker.triggerCron()
      await new Promise((resolve) => setTimeout(resolve, 2_000))
    }
  }

  it('loses and doubles nothing that was acknowledged', async () => {
    let isOver = false
    const clients = Array.from({ length: CLIENTS }, (_, i) =>
      walkFaults({ stack, seed: SEED + i, name: `walk-${i}`, batchCount: BATCHES_EACH }),
    )
    const walking = Promise.all(clients).finally(() => {
      isOver = true
    })
    const [walks] = await Promise.all([walking, runCronUntil(() => isOver)])
    await stack.drain()

    const walked = walks.flat()
    const statuses = new Set(walked.flatMap((batch) => batch.statuses))
    expect([...statuses].sort()).toEqual([200, 503])
    const acknowledged = walked.filter((batch) => batch.statuses.at(-1) === 200).flatMap(({ ids }) => ids)
    const sent = new Set(walked.flatMap(({ ids }) => ids))
    const rows = await stack.countRows('walk-')
    expect(acknowledged.filter((id) => !rows.has(id))).toEqual([])
    expect([...rows].filter(([id, count]) => count !== 1 || !sent.has(id))).toEqual([])
    expect(await stack.query('SELECT message_id FROM quarantine FINAL')).toEqual([])
  })
})
