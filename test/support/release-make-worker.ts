/** Makes the golden files of what collector, consumers and live object of a release leave behind, on the real runtime. */

import { buildReceiptRows } from '../../consumers/src/rows/receipt-rows.ts'
import { createRun, DATABASE } from '../../local/src/migrate.ts'
import { decodeEnvelope } from '../../schemas/src/envelope.ts'
import { wrapMessage } from '../../schemas/src/wrapped-message.ts'
import { writeAs } from '../faults/world/versions.ts'
import {
  RELEASE_CONFIG,
  writeBytes,
  writeJson,
  writeJsonLines,
  writeObjects,
  writeText,
} from './release-files.ts'
import { readLive } from './release-live.ts'
import { checksumMigrations } from './release-migrations.ts'
import { GOLDEN_TABLES, type GoldenTable, readTable } from './release-rows.ts'
import { type ReleaseStack, startReleaseStack } from './release-stack.ts'
import * as traffic from './release-traffic.ts'
import { askAll, dumpTables } from './release-warehouse.ts'
import type { GoldenMessage, QueueName, Sent } from './release-worker.ts'
import { waitFor } from './wait.ts'

const MINUTE_MS = 60_000

/** Length of a message that is kept in the file of the largest. */
const LARGE = 20_000

/** More than this of tries, and a message of `retry` is sent anew. Source: `TRIES_A_ROUND` of the consumers. */
const LAST_TRY = 90

/** Rounds after which a message is buried. Source: `MAX_ROUNDS` of the consumers. */
const ROUNDS = 8

/** Everything fails that can. */
const ALL_SINKS = ['live', 'bucket:parts/', 'bucket:quarantine/'] as const

/** What is done to the stack, and what was seen of it. */
interface Making {
  stack: traffic.Receiver
  now: () => number
  events: GoldenMessage[]
  /** Requests of clients whose messages are those. */
  requests: traffic.GoldenRequest[]
}

/** Makes them. */
export async function makeWorkerFiles(): Promise<void> {
  // ClickHouse knows when rows are inserted, which is never before they are received: so the Worker's time is in the past.
  const startAt = Math.floor(Date.now() / (5 * MINUTE_MS)) * 5 * MINUTE_MS - 120 * MINUTE_MS + 30_000
  const stack = await startReleaseStack({
    config: RELEASE_CONFIG,
    startAt,
    variables: { MILLRACE_HEARTBEAT: 'on' },
  })
  let aheadMs = await stack.advanceClock(0)
  const requests: traffic.GoldenRequest[] = []
  const advanceClock = async (ms: number) => {
    aheadMs = await stack.advanceClock(ms)
    return aheadMs
  }
  const onAnswer = (request: traffic.GoldenRequest) => void requests.push(request)
  const making: Making = {
    stack: { ...stack, advanceClock, onAnswer },
    events: [],
    requests,
    now: () => Date.now() + aheadMs,
  }
  try {
    await make(making)
  } finally {
    await stack.stop()
  }
}

async function make(making: Making): Promise<void> {
  const { stack } = making
  await putLookups(stack)
  await runCron(making, 'heartbeat')
  await sendAll(making)
  await makeWindows(making)
  await stack.advanceClock(6 * MINUTE_MS)
  await runCron(making, 'heartbeat-later')
  await makeAlarms(making)
  // What comes now is told by the messages of other queues.
  const requests = making.requests.splice(0)
  const [retry, dead] = await makeRetries(making)
  // Parts that are not published yet stay in the bucket, and windows open.
  await traffic.sendBursts(making.stack, making, 'last', 1)
  await takeEvents(making, 'last')
  // Last: a collector that the queue failed asks the bucket for a while.
  await makeSpill(making)
  await writeMessages(making, retry, dead)
  writeMany('requests', requests, ({ body }) => body)
  await writeState(making)
  await makeVersionBefore(making)
}

async function putLookups(stack: ReleaseStack): Promise<void> {
  const response = await stack.ask('/v1/lookups/products', {
    method: 'PUT',
    body: '{"key":"product_id","rows":{"p1":{"name":"Tea","price":2.5},"p2":{"name":"Cup","price":5}}}',
  })
  if (!response.ok) throw new Error(`the lookup got ${response.status}: ${await response.text()}`)
}

async function sendAll(making: Making): Promise<void> {
  const steps = [
    ['page', traffic.sendPage],
    ['mixed', traffic.sendMixed],
    ['omitted', traffic.sendOmitted],
    ['again', traffic.sendAgain],
    ['stock', traffic.sendStock],
    ['single', traffic.sendSingles],
    ['replay', traffic.sendReplay],
    ['cookieless', traffic.sendCookieless],
    ['large', traffic.sendLargest],
  ] as const
  for (const [name, step] of steps) {
    await step(making.stack, making)
    await takeEvents(making, name)
  }
}

/** Windows that closed: a monitor fired and is well again. */
async function makeWindows(making: Making): Promise<void> {
  await traffic.sendBursts(making.stack, making, 'many', 4)
  await takeEvents(making, 'many')
  for (let i = 0; i < 5; i++) {
    await making.stack.advanceClock(MINUTE_MS)
    await traffic.sendBursts(making.stack, making, `few${i}`, 1)
    await takeEvents(making, `few${i}`)
  }
  await runCron(making, 'heartbeat-windows')
}

/** A monitor of windows that fires, and one of the warehouse. */
async function makeAlarms(making: Making): Promise<void> {
  const { stack } = making
  await traffic.sendBursts(stack, making, 'firing', 4)
  await traffic.sendBursts(stack, making, 'refund', 3, 'Refunded')
  await takeEvents(making, 'firing')
  // The window of that minute closes when time has gone on past it and its lateness.
  await stack.advanceClock(2 * MINUTE_MS)
  await traffic.sendBursts(stack, making, 'after', 1)
  await takeEvents(making, 'after')
  await runCron(making, 'heartbeat-alarms')
}

/** One run of the cron: a heartbeat is sent, what is due is computed and published. */
async function runCron(making: Making, name: string): Promise<void> {
  await making.stack.worker.triggerCron()
  await takeEvents(making, name)
}

/** Delivers what the collector sent as a queue would: nothing may be left over. */
async function takeEvents(making: Making, name: string): Promise<void> {
  const sent = await making.stack.order('take', {})
  const messages = sent.map(({ queue, body }, index): GoldenMessage => {
    if (queue !== 'events') throw new Error(`${name} sent to ${queue}: ${body.slice(0, 300)}`)
    const timestamp = new Date(Math.round(making.now())).toISOString()
    return { id: `${name}-${index}`, timestamp, body }
  })
  if (messages.length === 0) throw new Error(`${name} sent nothing`)
  const { acked } = await making.stack.order('deliver', { queue: 'events', messages })
  if (acked.length !== messages.length) throw new Error(`${name}: only ${acked.length} are acknowledged`)
  await expectNothing(making.stack, name)
  making.events.push(...messages)
}

async function expectNothing(stack: ReleaseStack, name: string): Promise<void> {
  const sent = await stack.order('take', {})
  if (sent.length > 0) throw new Error(`${name}: ${JSON.stringify(sent).slice(0, 500)}`)
}

/** Requests that the queue did not take, in the bucket: their texts are not among the messages. */
async function makeSpill(making: Making): Promise<void> {
  const { stack } = making
  await stack.order('fail', { what: ['queue'] })
  await traffic.sendBursts(making.stack, making, 'spilled', 2)
  await traffic.send(making.stack, '/v1/i', {
    writeKey: 'wk_shop',
    messageId: 'spilled-identify',
    userId: 'user-9',
    traits: { a: 1 },
  })
  await stack.order('fail', { what: [] })
  await expectNothing(stack, 'spill')
}

/** Messages of `retry` for each sink, and those of `dead`: refused to be read, out of tries, and moved by the platform. */
async function makeRetries(making: Making): Promise<[GoldenMessage[], GoldenMessage[]]> {
  const { stack } = making
  await traffic.sendBursts(making.stack, making, 'retried', 1)
  const page = `{"writeKey":"wk_shop","batchId":"batch-retried","batch":[{"messageId":"retried-refused","type":"track","event":"Order Completed","userId":"u"}]}`
  await traffic.send(making.stack, '/v1/batch', page)
  const bodies = (await stack.order('take', {})).map(({ body }) => body)
  await stack.killClickHouse()
  await stack.order('fail', { what: [...ALL_SINKS] })
  const messages = bodies.map((body, index) => ({ id: `retried-${index}`, body }))
  await stack.order('deliver', { queue: 'events', messages })
  const retry = toMessages(await stack.order('take', {}), 'retry', 'retry', making)
  const dead = await makeDead(making)
  await stack.order('fail', { what: [] })
  await stack.startClickHouse()
  // What waited is what the rows are made of.
  await waitFor(async () => (await deliver(stack, 'retry', retry)).length === retry.length)
  await stack.order('take', {})
  return [retry, dead]
}

async function makeDead(making: Making): Promise<GoldenMessage[]> {
  const { stack } = making
  await traffic.sendBursts(making.stack, making, 'dead', 1)
  const [body = ''] = (await stack.order('take', {})).map((sent) => sent.body)
  await deliver(stack, 'events', [
    { id: 'unreadable-0', body: '{"version":"none"}' },
    { id: 'dead-0', body },
  ])
  const dead = [...(await stack.order('take', {}))]
  let waiting = dead.filter(({ queue }) => queue === 'retry')
  for (let round = 1; round <= ROUNDS; round++) {
    const messages = waiting.map((sent, index) => ({
      id: `round-${round}-${index}`,
      body: sent.body,
      attempts: LAST_TRY,
    }))
    await stack.order('deliver', { queue: 'retry', messages })
    const sent = await stack.order('take', {})
    waiting = sent.filter(({ queue }) => queue === 'retry')
    dead.push(...sent.filter(({ queue }) => queue === 'dead'))
    if (round === 1)
      writeJsonLines('messages/retry-second-round.jsonl', toMessages(sent, 'retry', 'second', making))
  }
  await traffic.sendBursts(making.stack, making, 'moved', 1)
  const [moved] = await stack.order('take', {})
  if (moved === undefined) throw new Error('there is nothing for the platform to move')
  dead.push({ ...moved, queue: 'dead' })
  // ClickHouse refuses nothing that a collector lets pass, so this one is made as the handler would.
  const wrapper = {
    sink: 'warehouse',
    kind: 'refused',
    error: '53: cannot be stored',
    messageId: 'refused-0',
  } as const
  dead.push({ queue: 'dead', body: wrapMessage(wrapper, body) })
  const letters = toMessages(dead, 'dead', 'dead', making)
  await stack.order('fail', { what: [] })
  await stack.order('deliver', { queue: 'dead', messages: letters })
  await stack.order('fail', { what: [...ALL_SINKS] })
  return letters
}

async function deliver(stack: ReleaseStack, queue: QueueName, messages: GoldenMessage[]): Promise<string[]> {
  const { acked } = await stack.order('deliver', { queue, messages })
  return acked
}

function toMessages(sent: readonly Sent[], queue: QueueName, name: string, { now }: Making): GoldenMessage[] {
  const timestamp = new Date(Math.round(now())).toISOString()
  const bodies = sent.filter((one) => one.queue === queue).map(({ body }) => body)
  return bodies.map((body, index) => ({ id: `${name}-${index}`, timestamp, body }))
}

async function writeMessages(
  { events }: Making,
  retry: GoldenMessage[],
  dead: GoldenMessage[],
): Promise<void> {
  writeMany('messages/events', events, ({ body }) => body)
  writeJsonLines('messages/retry.jsonl', retry)
  writeJsonLines('messages/dead.jsonl', dead)
  // As they are read: the large ones last.
  const ordered = events.toSorted((a, b) => Number(isLarge(a.body)) - Number(isLarge(b.body)))
  const receipts = ordered.flatMap(({ body }) => {
    const decoded = decodeEnvelope(body)
    return decoded.ok ? buildReceiptRows(decoded.envelope) : []
  })
  writeJsonLines('rows/receipts.jsonl', receipts)
}

async function writeState(making: Making): Promise<void> {
  const { stack, now } = making
  await writeRows(stack, 'rows')
  const { answer, windows } = await readLive(stack)
  writeJsonLines('live/windows.jsonl', windows)
  writeJson('live/answer.json', answer)
  writeText('live/shop.sql', `${(await stack.order('dump', { source: 'shop' })).join('\n')}\n`)
  writeObjects(await stack.order('list', { prefix: '' }))
  for (const [table, dump] of await dumpTables(stack.clickhouseUrl))
    writeBytes(`warehouse/${table}.native.gz`, dump)
  writeJson('warehouse/answers.json.gz', await askAll(stack.clickhouseUrl))
  writeJson('warehouse/migrations.json', checksumMigrations())
  writeJson('about.json', { release: '0.1.0', endedAt: Math.round(now()) })
}

async function writeRows(stack: ReleaseStack, folder: string): Promise<void> {
  for (const table of Object.keys(GOLDEN_TABLES) as GoldenTable[]) {
    writeMany(`${folder}/${table}`, await readTable(stack, table), (row) => JSON.stringify(row))
  }
}

/** The same messages as the version before would have written them, and what they become by themselves. */
async function makeVersionBefore({ stack, events }: Making): Promise<void> {
  await createRun(stack.clickhouseUrl, DATABASE)('TRUNCATE TABLE events')
  const before = events
    .map(({ id, body, ...rest }) => ({ id: `before-${id}`, ...rest, body: writeAs('previous', body) }))
    .filter(({ body }) => !isLarge(body) && body.includes('"version":1'))
  await deliver(stack, 'events', before)
  await expectNothing(stack, 'version before')
  writeJsonLines('messages/version-before.jsonl', before)
  writeJsonLines('rows/version-before.jsonl', await readTable(stack, 'events'))
}

/** Writes values in two files: those whose text is large, compressed, in one of their own. */
function writeMany<T>(name: string, values: readonly T[], textOf: (value: T) => string): void {
  const large = values.filter((value) => isLarge(textOf(value)))
  writeJsonLines(
    `${name}.jsonl`,
    values.filter((value) => !isLarge(textOf(value))),
  )
  if (large.length > 0) writeJsonLines(`${name}-large.jsonl.gz`, large)
}

function isLarge(text: string): boolean {
  return text.length >= LARGE
}
