/** A notification on its way to a real receiver that refuses it twice, with SQLite on disk and a crash in between. */

import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMonitorDesk, type MonitorDesk } from '../../consumers/src/monitors/desk.ts'

const KEY = Buffer.from('thirty-two bytes of a real secret')
const SECRET = `whsec_${KEY.toString('base64')}`

interface Received {
  headers: IncomingHttpHeaders
  body: string
  path: string | undefined
}

const received: Received[] = []
const statuses: number[] = []
let sleepMs = 0
let url: string
let folder: string

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  received.push({ headers: request.headers, body: Buffer.concat(chunks).toString(), path: request.url })
  await new Promise((resolve) => setTimeout(resolve, sleepMs))
  const status = statuses.shift() ?? 200
  response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('thanks')
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-monitors-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

const clock = { now: Date.now() }

/** A desk on a database file, as another instance of the Durable Object would open it. */
function openDesk(file: string, send: typeof fetch = fetch): { desk: MonitorDesk; close: () => void } {
  const database = new DatabaseSync(join(folder, file))
  const desk = createMonitorDesk({
    sql: {
      exec(query, ...bindings) {
        const rows = database.prepare(query).all(...bindings)
        return { toArray: () => rows }
      },
    },
    now: () => clock.now,
    fetch: send,
    secret: (name) => ({ OPS_SECRET: SECRET, OPS_URL: url })[name],
    random: () => 1,
    log: () => {},
    source: 'shop',
    monitors: [{ name: 'fresh', kind: 'freshness', stage: 'warehouse', olderThan: '5m' }],
    webhooks: [{ name: 'ops', urlVar: 'OPS_URL', secretVar: 'OPS_SECRET' }],
  })
  return { desk, close: () => database.close() }
}

const result = (state: 'ok' | 'firing', message: string) => ({
  name: 'fresh',
  source: 'shop',
  kind: 'freshness' as const,
  state,
  at: clock.now,
  message,
  value: 360,
  keys: [],
})

/** As a receiver would check it that knows the specification and nothing of us. */
function isSigned({ headers, body }: Received): boolean {
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const expected = createHmac('sha256', KEY).update(content).digest('base64')
  return String(headers['webhook-signature'])
    .split(' ')
    .some((signature) => signature === `v1,${expected}`)
}

it('arrives signed once the receiver takes it, always under one id, and the recovery after it', async () => {
  const { desk, close } = openDesk('one')
  statuses.push(500, 302)
  desk.report([result('firing', 'behind by 6 min — “ü”')])
  desk.report([result('ok', 'well again')])
  let next = await desk.deliverDue()
  while (next !== undefined) {
    clock.now = next
    next = await desk.deliverDue()
  }
  close()
  expect(received.map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook', '/hook'])
  expect(received.every(isSigned)).toBe(true)
  const [first, second, third, last] = received
  expect([second, third].map((one) => one?.headers['webhook-id'])).toEqual(
    Array(2).fill(first?.headers['webhook-id']),
  )
  expect(new Set([first, second, third].map((one) => one?.body)).size).toBe(1)
  expect(Number(third?.headers['webhook-timestamp'])).toBeGreaterThan(
    Number(first?.headers['webhook-timestamp']),
  )
  expect(JSON.parse(first?.body ?? '')).toMatchObject({
    type: 'monitor.firing',
    data: { monitor: 'fresh', source: 'shop', message: 'behind by 6 min — “ü”', value: 360 },
  })
  expect(JSON.parse(last?.body ?? '')).toMatchObject({
    type: 'monitor.recovered',
    data: { message: 'well again' },
  })
  expect(last?.headers['webhook-id']).not.toBe(first?.headers['webhook-id'])
})

it('is sent again under the same id when the object dies after the receiver had it', async () => {
  received.length = 0
  const answered = Promise.withResolvers<void>()
  const { desk, close } = openDesk('two', async (...request) => {
    await fetch(...request)
    answered.resolve()
    // Whoever waited for this answer is gone.
    return new Promise<Response>(() => {})
  })
  desk.report([result('firing', 'behind')])
  void desk.deliverDue()
  await answered.promise
  close()
  const again = openDesk('two')
  expect(again.desk.statuses()).toMatchObject([{ name: 'fresh', state: 'firing', message: 'behind' }])
  expect(await again.desk.deliverDue()).toBeUndefined()
  again.close()
  expect(received).toHaveLength(2)
  expect(received[0]?.headers['webhook-id']).toBe(received[1]?.headers['webhook-id'])
  expect(received.every(isSigned)).toBe(true)
})

it('is tried again when the receiver takes longer than ten seconds', async () => {
  received.length = 0
  sleepMs = 15_000
  const { desk, close } = openDesk('three')
  desk.report([result('firing', 'behind')])
  const startedAt = Date.now()
  expect(await desk.deliverDue()).toBe(clock.now + 5_000)
  expect(Date.now() - startedAt).toBeLessThan(13_000)
  close()
  expect(received).toHaveLength(1)
})
