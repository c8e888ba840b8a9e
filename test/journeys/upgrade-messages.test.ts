/**
 * A newer Worker takes over from 0.1.0: what that release left in the queues and in the bucket, and what its clients send, becomes
 * the rows that it became then, once each, whatever comes again and in whatever order.
 */

import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { buildReceiptRows } from '../../consumers/src/rows/receipt-rows.ts'
import { createRun, DATABASE } from '../../local/src/migrate.ts'
import type { DeadLetter } from '../../schemas/src/dead-letter.ts'
import { decodeEnvelope } from '../../schemas/src/envelope.ts'
import {
  type About,
  RELEASE_CONFIG,
  readEventMessages,
  readJson,
  readJsonLines,
  readMany,
  readObjects,
} from '../support/release-files.ts'
import {
  GOLDEN_TABLES,
  type GoldenTable,
  type Row,
  readTable,
  withColumnsOf,
} from '../support/release-rows.ts'
import { type ReleaseStack, startReleaseStack } from '../support/release-stack.ts'
import { type GoldenRequest, send } from '../support/release-traffic.ts'
import type { GoldenMessage, QueueName } from '../support/release-worker.ts'

/** Version of the envelopes that 0.1.0 writes. */
const RELEASED_ENVELOPE = 2

const { endedAt } = readJson<About>('about.json')
const events = readEventMessages()
const retries = readJsonLines<GoldenMessage>('messages/retry.jsonl')

/** The Worker is bundled for the test, which takes a while on a machine that is busy. */
const STARTING_MS = 180_000

let stack: ReleaseStack
beforeAll(async () => {
  stack = await startReleaseStack({ config: RELEASE_CONFIG, startAt: endedAt + 60_000 })
  // Its lookup tables among them, whose rows are joined onto what is sent.
  await stack.order('put', { objects: readObjects() })
}, STARTING_MS)
afterAll(() => stack.stop())

beforeEach(async () => {
  const run = createRun(stack.clickhouseUrl, DATABASE)
  for (const table of Object.keys(GOLDEN_TABLES)) await run(`TRUNCATE TABLE ${table}`)
  await stack.order('take', {})
})

/** Delivers messages, all of which must be acknowledged, with nothing left to do. */
async function deliver(queue: QueueName, messages: readonly GoldenMessage[]): Promise<void> {
  const { acked } = await stack.order('deliver', { queue, messages: [...messages] })
  const why = 'the consumer must take every message of 0.1.0: see decodeEnvelope in schemas/src/envelope.ts'
  expect(acked.toSorted(), why).toEqual(messages.map(({ id }) => id).sort())
  expect(await stack.order('take', {}), why).toEqual([])
}

async function expectGolden(
  table: GoldenTable,
  golden: readonly Row[] = readMany(`rows/${table}`),
): Promise<void> {
  const rows = withColumnsOf(golden, await readTable(stack, table))
  expect(rows, `rows of ${table} are not those that 0.1.0 made of its own messages`).toEqual(sorted(golden))
}

async function expectAllGolden(): Promise<void> {
  for (const table of ['events', 'quarantine', 'omitted'] as const) await expectGolden(table)
}

/** As {@link readTable} orders them: those of the second file stand behind the others. */
function sorted(rows: readonly Row[]): Row[] {
  const keyOf = (row: Row) => `${row['source']}\0${row['message_id']}\0${row['batch_id']}`
  return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

describe('messages of 0.1.0', () => {
  it('become its rows, also when all of them come again in another order', async () => {
    await deliver('events', events)
    await deliver('retry', retries)
    await expectAllGolden()
    await deliver('retry', retries.toReversed())
    await deliver('events', events.toReversed())
    await expectAllGolden()
  })

  it('that waited in `retry` for a second round go on from there', async () => {
    const second = readJsonLines<GoldenMessage>('messages/retry-second-round.jsonl')
    await deliver('retry', second)
    const rows = await readTable(stack, 'events')
    expect(rows.map(({ message_id }) => message_id)).toEqual(['dead-0'])
  })

  it('of the envelope version before it become the rows that 0.1.0 made of them', async () => {
    await deliver('events', readJsonLines<GoldenMessage>('messages/version-before.jsonl'))
    await expectGolden('events', readJsonLines('rows/version-before.jsonl'))
  })

  it('bring the books what they brought then', () => {
    const rows = events.flatMap(({ body }) => {
      const decoded = decodeEnvelope(body)
      return decoded.ok ? buildReceiptRows(decoded.envelope) : []
    })
    const golden = readJsonLines<Row>('rows/receipts.jsonl')
    expect(rows.map((row, index) => withColumnsOf([golden[index] ?? {}], [row])[0])).toEqual(golden)
  })
})

describe('objects of 0.1.0 in the bucket', () => {
  it('of the spill are sent to the queue, and become rows', async () => {
    await stack.worker.triggerCron()
    const sent = (await stack.order('take', {})).filter(({ body }) => body.includes('spilled'))
    expect(await stack.worker.listObjects('spill/')).toEqual([])
    await deliver(
      'events',
      sent.map(({ body }, index) => ({ id: `spilled-${index}`, body })),
    )
    const rows = await readTable(stack, 'events')
    expect(rows.map(({ message_id }) => message_id)).toEqual(['spilled-0', 'spilled-1', 'spilled-identify'])
  })

  it('of the dead letters are told as they were, and driven again', async () => {
    const told = await stack.ask('/v1/dead')
    const { letters } = (await told.json()) as { letters: DeadLetter[] }
    expect(letters.map(({ kind, sink, events: count }) => [kind, sink, count])).toEqual([
      ['unreadable', undefined, undefined],
      ['out_of_tries', 'lake', 1],
      ['out_of_tries', 'live', 1],
      ['out_of_tries', 'warehouse', 1],
      ['out_of_tries', undefined, 1],
      ['refused', 'warehouse', 1],
    ])
    const keys = letters.slice(1).map(({ key }) => key)
    const replayed = await stack.ask('/v1/dead/replay', { method: 'POST', body: JSON.stringify({ keys }) })
    expect(replayed.status).toBe(200)
    const sent = await stack.order('take', {})
    await deliver(
      'events',
      sent.map(({ body }, index) => ({ id: `dead-${index}`, body })),
    )
    const rows = await readTable(stack, 'events')
    expect(rows.map(({ message_id }) => message_id)).toEqual(['dead-0', 'moved-0'])
  })
})

/** Order of messages: batches, each with the positions of its messages, some more than once. */
function orderOf(count: number): fc.Arbitrary<number[][]> {
  const all = Array.from({ length: count }, (_, index) => index)
  return fc
    .tuple(
      fc.shuffledSubarray(all, { minLength: count }),
      fc.array(fc.nat(count - 1), { maxLength: count }),
      fc.array(fc.integer({ min: 12, max: 40 }), { minLength: 1, maxLength: 6 }),
    )
    .map(([each, again, sizes]) => {
      const order = [...each, ...again]
      const batches: number[][] = []
      for (let at = 0, turn = 0; at < order.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1
        batches.push(order.slice(at, at + size))
        at += size
      }
      return batches
    })
}

/** An answer without the sentences for people, which may be put better. */
function withoutWords(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (name, value: unknown) => (name === 'message' ? undefined : value)),
  )
}

describe('while the deploy is under way', () => {
  it('requests of clients of 0.1.0 are answered as 0.1.0 did', async () => {
    for (const request of readMany<GoldenRequest>('requests')) {
      const answer = await send(stack, request.path, request.body, request.headers)
      expect(withoutWords(answer), request.path).toEqual(withoutWords(request.answer))
    }
  })

  it('messages of this tree can be read by the consumer of 0.1.0, or say by their version that they cannot', async () => {
    for (const { path, body, headers } of readMany<GoldenRequest>('requests'))
      await send(stack, path, body, headers)
    const schema = z.fromJSONSchema(readJson('contract/envelope.schema.json'))
    const sent = await stack.order('take', {})
    expect(sent.length).toBeGreaterThan(10)
    for (const { body } of sent) {
      const { version } = JSON.parse(body) as { version: number }
      // A later version is left alone by 0.1.0 until the newer Worker is there.
      if (version > RELEASED_ENVELOPE) continue
      const why =
        'a Worker of 0.1.0 cannot read this message, and may run beside this one: a field that was there is gone or is another kind. ' +
        'Raise ENVELOPE_VERSION in schemas/src/envelope.ts and evolve the version before, or put the field back'
      expect(schema.safeParse(JSON.parse(body)).error?.issues ?? [], why).toEqual([])
    }
  })

  it('old and new messages of the same events, retried and repeated in any order, are one row an event', {
    timeout: 240_000,
  }, async () => {
    for (const { path, body, headers } of readMany<GoldenRequest>('requests'))
      await send(stack, path, body, headers)
    const sent = await stack.order('take', {})
    const newer = sent.map(({ body }, index) => ({ queue: 'events' as const, id: `newer-${index}`, body }))
    const older = [
      ...events.map((message) => ({ queue: 'events' as const, ...message })),
      ...retries.map((message) => ({ queue: 'retry' as const, ...message })),
    ]
    const all = [...older, ...newer]
    const law = fc.asyncProperty(orderOf(all.length), async (batches) => {
      await createRun(stack.clickhouseUrl, DATABASE)('TRUNCATE TABLE events')
      for (const batch of batches) {
        for (const queue of ['events', 'retry'] as const) {
          const messages = batch
            .flatMap((index) => all[index] ?? [])
            .filter((message) => message.queue === queue)
          if (messages.length > 0) await stack.order('deliver', { queue, messages })
        }
      }
      await expectGolden('events')
    })
    // Each run is some ten batches through all sinks; one that fails is told as it is.
    await fc.assert(law, { numRuns: 3, endOnFailure: true })
  })
})
