/** Monitors of the whole stack: from events to a receiver that refuses twice, over restarts, outages and receivers that hang. */

import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { forgottenHash } from '@millrace/schemas'
import type { LiveWindow, MonitorStatus, SnapshotMessage } from '@millrace/schemas/live'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningWorker, startWorker } from '../../local/src/worker.ts'
import { CLOCK_PATH } from '../support/clock-worker.ts'
import { writeClockedEntry } from '../support/clocked-entry.ts'
import { configPlugin } from '../support/configured-stack.ts'
import { watchLive } from '../support/live-client.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { withWorkerBundle } from '../support/worker-bundle.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE

const KEY = Buffer.from('thirty-two bytes of a real secret')

/** The nine kinds; monitors of the shop are called so. */
const KINDS = [
  ...['threshold', 'drop', 'freshness', 'quarantine_rate', 'null_rate', 'drift', 'count_rule', 'per_key'],
  'sequence',
]

/**
 * The Worker's clock begins hours ago, half a minute past a multiple of five, and is set ahead from there: ClickHouse has its own,
 * and knows when rows were inserted, which is never before they were received.
 */
const START = Math.floor(Date.now() / (5 * MINUTE)) * 5 * MINUTE - 3 * 60 * MINUTE + 30 * SECOND
let offsetMs = START - Date.now()
const now = () => Date.now() + offsetMs

const entry = () =>
  writeClockedEntry({
    imports: "import worker, { LiveAggregator as Base } from './worker.ts'",
    handlers: 'worker',
    aheadMs: offsetMs,
    sources: ['shop', 'blog'],
  })

interface Attempt {
  id: string
  timestamp: string
  signature: string
  body: string
  status: number
}

interface Notification {
  type: string
  timestamp: string
  data: { monitor: string; source: string; key?: string; message: string; value: number; since: string }
}

/** Refuses each notification twice; all of them while it is down. On the path of those that hang it answers when it is told to. */
function createReceiver() {
  const attempts: Attempt[] = []
  const state = { isDown: false, hangs: true, givenUp: 0 }
  const hanging = new Map<string, () => void>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const read = (name: string) => String(request.headers[name])
    const id = read('webhook-id')
    if (request.url === '/hanging') {
      hanging.set(id, () => response.end())
      response.on('close', () => {
        if (state.hangs) state.givenUp++
      })
      if (!state.hangs) response.end()
      return
    }
    const isTaken = !state.isDown && attempts.filter((one) => one.id === id).length >= 2
    const status = isTaken ? 200 : 500
    attempts.push({
      ...{ id, status, timestamp: read('webhook-timestamp'), signature: read('webhook-signature') },
      body: Buffer.concat(chunks).toString(),
    })
    response.writeHead(status).end()
  })
  return {
    ...{ attempts, state, hanging, server },
    answerAll(): void {
      state.hangs = false
      for (const answer of hanging.values()) answer()
    },
    taken: (): Notification[] =>
      attempts.filter(({ status }) => status === 200).map(({ body }) => JSON.parse(body)),
  }
}

const receiver = createReceiver()
let stack: TestStack
let worker: RunningWorker
let variables: Record<string, string>

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(receiver.server.address() as AddressInfo).port}`
  variables = {
    ...{ SHOP_READ_TOKEN: 'shop-read', BLOG_READ_TOKEN: 'blog-read' },
    ...{ OPS_URL: `${url}/ops`, HANGING_URL: `${url}/hanging` },
    OPS_SECRET: `whsec_${KEY.toString('base64')}`,
  }
  stack = await bundle('monitors', (scriptPath) => startTestStack({ scriptPath, variables }))
  worker = stack.worker
})
afterAll(async () => {
  receiver.server.closeAllConnections()
  receiver.server.close()
  if (worker !== stack.worker) await worker.stop()
  await stack.stop()
})

const bundle = <T>(config: string, use: (scriptPath: string) => Promise<T>) =>
  withWorkerBundle({ entry: entry(), plugins: [configPlugin(config)] }, use)

/** Runs the Worker anew on the same data. */
async function restart(config = 'monitors'): Promise<void> {
  const { dataPath, clickhouseUrl } = stack
  const { port } = worker
  await worker.stop()
  worker = await bundle(config, (scriptPath) =>
    startWorker({
      ...{ port, dataPath, clickhouseUrl, scriptPath, variables },
      onLog: (line) => void stack.workerLog.push(line),
    }),
  )
}

async function advance(ms: number): Promise<void> {
  offsetMs += ms
  const response = await fetch(`${worker.url}${CLOCK_PATH}`, { method: 'POST', body: String(ms) })
  expect(response.status).toBe(200)
}

const advanceTo = (time: number) => advance(time - now())

type Source = 'shop' | 'blog'

async function snapshotOf(source: Source): Promise<SnapshotMessage> {
  const headers = { authorization: `Bearer ${source}-read` }
  return (await fetch(`${worker.url}/v1/live/windows`, { headers })).json() as Promise<SnapshotMessage>
}

async function statesOf(source: Source): Promise<Record<string, MonitorStatus['state']>> {
  const { monitors } = await snapshotOf(source)
  return Object.fromEntries(monitors.map(({ name, state }) => [name, state]))
}

let posted = 0

/** Events of a source; resolves when both ClickHouse and the live windows have them. */
async function post(source: Source, batch: object[]): Promise<void> {
  const [at, path] = [now(), `${worker.url}/v1/batch`]
  const counted = batch.map((event) => ({ messageId: `m-${++posted}`, anonymousId: 'visitor', ...event }))
  const body = JSON.stringify({ writeKey: `wk_${source}`, batch: counted })
  expect((await fetch(path, { method: 'POST', body })).status).toBe(200)
  await waitFor(
    () =>
      stack.query<{ n: string }>(
        'SELECT (SELECT uniqExact(message_id) FROM events) + (SELECT uniqExact(message_id) FROM quarantine) AS n',
      ),
    ([row]) => Number(row?.n) === posted,
  )
  await waitFor(async () => ((await snapshotOf(source)).health.receivedAt ?? 0) >= at - SECOND)
}

const track = (event: string, more: object = {}) => ({ type: 'track', event, ...more })
const times = <T>(count: number, what: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => what(index))
const iso = (ms: number) => new Date(ms).toISOString()

/** Attempts that a story has looked at. */
let seen = 0

/** Waits until so many more notifications were refused twice and then taken, and says which, sorted. */
async function delivered(count: number): Promise<Notification[]> {
  const made = () => receiver.attempts.length - seen
  await waitFor(() => made() >= count, undefined, 15_000)
  await advance(6 * SECOND)
  await waitFor(() => made() >= 2 * count, undefined, 15_000)
  await advance(11 * SECOND)
  await waitFor(() => made() >= 3 * count, undefined, 15_000)
  const attempts = receiver.attempts.slice(seen)
  seen += attempts.length
  const taken = attempts.filter(({ status }) => status === 200)
  expect(taken).toHaveLength(count)
  for (const tries of Map.groupBy(attempts, ({ id }) => id).values()) {
    expect(tries.map(({ status }) => status)).toEqual([500, 500, 200])
    expect(new Set(tries.map(({ body }) => body)).size).toBe(1)
    for (const one of tries) expect(one.signature).toBe(signatureOf(one))
  }
  return taken.map(({ body }): Notification => JSON.parse(body)).toSorted(byMonitor)
}

/** As the specification of Standard Webhooks has it. */
function signatureOf({ id, timestamp, body }: Attempt): string {
  return `v1,${createHmac('sha256', KEY).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

const byMonitor = (a: Notification, b: Notification) => (a.data.monitor < b.data.monitor ? -1 : 1)
const typesOf = (notifications: readonly Notification[]) =>
  notifications.map(({ type, data }) => `${data.monitor} ${type}`)

/** The same of one monitor, of which each waits for the one before. */
async function deliveredInOrder(count: number): Promise<Notification[]> {
  await waitFor(
    async () => {
      await advance(6 * SECOND)
      return receiver.attempts.length - seen
    },
    (made) => made >= 3 * count,
    15_000,
  )
  const attempts = receiver.attempts.slice(seen)
  seen += attempts.length
  return attempts.flatMap(({ status, body }) => (status === 200 ? [JSON.parse(body) as Notification] : []))
}

describe('each kind', () => {
  it('is ok while all is as usual', async () => {
    const slots = times(11, (index) => START - 12 * MINUTE + index * 5 * MINUTE)
    const usual = (at: number) => times(2, () => track('Order Placed', { timestamp: iso(at) }))
    await post('shop', [
      ...slots.flatMap((slot) => [1, 2, 3].flatMap((day) => usual(slot - day * DAY))),
      ...times(40, (index) =>
        track('Signed Up', { timestamp: iso(START - 60 * MINUTE + index), properties: { plan: 'basic' } }),
      ),
      ...usual(START - 8 * MINUTE),
      { type: 'identify', userId: 'u-1', anonymousId: 'phone' },
    ])
    await worker.triggerCron()
    await waitFor(
      async () => Object.values(await statesOf('shop')).filter((state) => state === 'ok').length,
      (count) => count >= KINDS.length - 1,
    )
    expect(receiver.attempts).toEqual([])
  })

  it('fires once, however often it is judged', async () => {
    await advanceTo(START + 6 * MINUTE)
    const [at, before] = [now(), iso(now() - 30 * SECOND)]
    await post('shop', [
      ...times(6, () => track('Burst')),
      ...times(20, () => ({ type: 'track' })),
      ...times(6, () => track('Paid')),
      ...times(30, () => track('Signed Up', { properties: { plan: 'gold' } })),
      ...times(5, () => track('Refunded')),
      ...times(3, () => track('Bought', { anonymousId: 'phone', properties: { revenue: 400.1 } })),
      track('Signed In', {
        ...{ userId: 'traveller', timestamp: before },
        properties: { latitude: 52.52, longitude: 13.4 },
      }),
      track('Bought Abroad', { userId: 'traveller', properties: { latitude: -33.87, longitude: 151.21 } }),
    ])
    await advance(70 * SECOND)
    await worker.triggerCron()
    const fired = await delivered(8)
    const expected = KINDS.filter((kind) => kind !== 'freshness').toSorted()
    expect(typesOf(fired)).toEqual(expected.map((name) => `${name} monitor.firing`))
    expect(fired.map(({ data }) => data)).toMatchObject([
      { value: 2, message: expect.stringContaining('5 events of Refunded, 3 of Bought') },
      { message: expect.stringContaining('most by gold: 0 % before, 100 % now') },
      { value: 0, message: expect.stringContaining('where the days before had 2 (100 % less)') },
      {
        value: 1,
        message: expect.stringContaining('6 of 6 events (100 %) of Paid had no properties.amount'),
      },
      { key: 'u-1', value: 1_200.3, message: expect.stringContaining('person_id u-1 has 1,200.3') },
      { message: expect.stringMatching(/^20 of \d+ events .* were refused/) },
      { key: 'traveller', message: expect.stringContaining('miles away') },
      { value: 6, message: expect.stringContaining('count was 6') },
    ])
    for (const { timestamp, data } of fired) {
      expect(data).toMatchObject({ source: 'shop', title: data.monitor, kind: data.monitor })
      expect(data.since).toBe(timestamp)
      expect(Date.parse(timestamp)).toBeGreaterThan(at)
      expect(Date.parse(timestamp)).toBeLessThan(now())
    }
    for (let i = 0; i < 3; i++) {
      await worker.triggerCron()
      await advance(SECOND)
    }
    expect(await statesOf('shop')).toEqual(
      Object.fromEntries(KINDS.map((kind) => [kind, kind === 'freshness' ? 'ok' : 'firing'])),
    )
    expect(receiver.attempts).toHaveLength(seen)
  })

  it('recovers once, under an id of its own', async () => {
    await advanceTo(START + 35 * MINUTE)
    await worker.triggerCron()
    const changed = await delivered(8)
    expect(typesOf(changed)).toEqual(
      KINDS.filter((kind) => kind !== 'drop')
        .toSorted()
        .map((kind) => `${kind} monitor.${kind === 'freshness' ? 'firing' : 'recovered'}`),
    )
    expect(await statesOf('shop')).toMatchObject({ freshness: 'firing', drop: 'firing', sequence: 'ok' })
    await advanceTo(START + 41 * MINUTE)
    await post(
      'shop',
      times(2, () => track('Order Placed', { timestamp: iso(START + 37 * MINUTE) })),
    )
    await worker.triggerCron()
    expect(typesOf(await delivered(2))).toEqual(['drop monitor.recovered', 'freshness monitor.recovered'])
    const messageOf = (name: string) => changed.find(({ data }) => data.monitor === name)?.data.message
    expect(messageOf('per_key')).toMatch(/^no longer: person_id u-1 has 1,200.3 /)
    expect(messageOf('sequence')).toMatch(/^no longer: user_id traveller: Signed In at .* miles away/)
    expect(messageOf('count_rule')).toMatch(/^0 events of Refunded, 0 of Bought /)
    await worker.triggerCron()
    expect(await statesOf('shop')).toEqual(Object.fromEntries(KINDS.map((kind) => [kind, 'ok'])))
    const taken = receiver.taken()
    expect(taken).toHaveLength(2 * KINDS.length)
    expect(new Set(receiver.attempts.map(({ id }) => id)).size).toBe(2 * KINDS.length)
    for (const { type, data } of taken.filter((one) => one.type === 'monitor.recovered')) {
      const fired = taken.find((one) => one.type === 'monitor.firing' && one.data.monitor === data.monitor)
      expect([type, data.since, data.key]).toEqual([type, fired?.timestamp, fired?.data.key])
    }
  })
})

describe('a window', () => {
  it('beyond a limit is told though others became final with it', async () => {
    await worker.triggerCron()
    await post('blog', [track('Seen before')])
    await advance(90 * SECOND)
    await worker.triggerCron()
    await post(
      'blog',
      times(4, () => track('Spike')),
    )
    await advance(90 * SECOND)
    const changed = await deliveredInOrder(2)
    expect(typesOf(changed)).toEqual(['spike monitor.firing', 'spike monitor.recovered'])
  })
})

describe('a notification', () => {
  it('that was not taken is sent by the Worker that comes next, under the same id', async () => {
    receiver.state.isDown = true
    await post('blog', [track('Crashed')])
    await advance(70 * SECOND)
    await worker.triggerCron()
    await waitFor(() => receiver.attempts.length === seen + 2)
    await restart()
    receiver.state.isDown = false
    expect(await statesOf('blog')).toMatchObject({ crashed: 'firing', taken_out: 'firing', beside: 'ok' })
    expect(typesOf(await delivered(2))).toEqual(['crashed monitor.firing', 'taken_out monitor.firing'])
  })

  it('is not made for a monitor that the configuration has no more', async () => {
    await restart('monitors-fewer')
    await worker.triggerCron()
    expect(await statesOf('blog')).not.toHaveProperty('taken_out')
    expect(await statesOf('blog')).toMatchObject({ crashed: 'firing' })
    await advance(4 * MINUTE)
    await worker.triggerCron()
    expect(typesOf(await delivered(1))).toEqual(['crashed monitor.recovered'])
  })

  it('and windows do not wait for a receiver that hangs', async () => {
    const client = await watchLive(worker.url, { token: 'blog-read' })
    await post('blog', [track('Hung')])
    await advance(70 * SECOND)
    await worker.triggerCron()
    await waitFor(() => receiver.attempts.length > seen && receiver.hanging.size > 0)
    expect(receiver.state.givenUp).toBe(0)
    expect(typesOf(await delivered(1))).toEqual(['beside monitor.firing'])
    await post('blog', [track('Seen meanwhile')])
    const askedAt = Date.now()
    await advance(MINUTE)
    const isClosed = ({ name, state, groups }: LiveWindow) =>
      name === 'events' && state === 'final' && groups.some(({ key }) => key[0] === 'Seen meanwhile')
    await waitFor(async () => {
      await advance(SECOND)
      return [...client.windows.values()].some(isClosed)
    })
    expect(Date.now() - askedAt).toBeLessThan(5 * SECOND)
    client.close()
    receiver.answerAll()
    await waitFor(() => receiver.hanging.size === 6)
  })
})

describe('without ClickHouse', () => {
  it('what is read from it is unknown, which fires and recovers nothing; then it goes on', async () => {
    expect(await statesOf('blog')).toMatchObject({ beside: 'firing', crashed: 'ok' })
    await stack.killClickHouse()
    await advance(4 * MINUTE)
    await worker.triggerCron()
    expect(await statesOf('blog')).toMatchObject({ beside: 'unknown', crashed: 'unknown' })
    expect(await statesOf('shop')).toMatchObject({ drop: 'unknown', sequence: 'unknown', threshold: 'ok' })
    await advance(MINUTE)
    await worker.triggerCron()
    expect(receiver.attempts).toHaveLength(seen)
    await stack.startClickHouse()
    await worker.triggerCron()
    expect(typesOf(await delivered(1))).toEqual(['beside monitor.recovered'])
    expect(await statesOf('blog')).toMatchObject({ beside: 'ok', crashed: 'ok' })
  })
})

describe('a person who is forgotten', () => {
  it('is taken out with what waits to be told, though the events are still there', async () => {
    const about = () => receiver.attempts.filter(({ body }) => body.includes('"key":"u-1"')).length
    const before = about()
    receiver.state.isDown = true
    await post(
      'shop',
      times(3, () => track('Bought', { anonymousId: 'phone', properties: { revenue: 400.1 } })),
    )
    await advance(70 * SECOND)
    await worker.triggerCron()
    await waitFor(() => about() > before)
    expect(await statesOf('shop')).toMatchObject({ per_key: 'firing' })
    const insert = `INSERT INTO millrace.forgotten (source, id_hash, kind, request_id)
      VALUES ('shop', '${await forgottenHash('user', 'u-1')}', 'user', 'a request')`
    expect((await fetch(stack.clickhouseUrl, { method: 'POST', body: insert })).status).toBe(200)
    await worker.triggerCron()
    const { monitors } = await snapshotOf('shop')
    expect(monitors.find(({ name }) => name === 'per_key')).toMatchObject({ state: 'ok', keys: [] })
    const asked = about()
    receiver.state.isDown = false
    for (let i = 0; i < 3; i++) {
      await advance(20 * SECOND)
      await new Promise((resolve) => setTimeout(resolve, SECOND))
    }
    expect(about()).toBe(asked)
  })
})
