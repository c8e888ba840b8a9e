/**
 * A source that nothing comes from and nobody watches: only the cron speaks to its object, no alarm is near, and whatever it had in
 * memory may be gone.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SnapshotMessage } from '@millrace/schemas/live'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningWorker, startWorker } from '../../local/src/worker.ts'
import { CLOCK_PATH } from '../support/clock-worker.ts'
import { configPlugin } from '../support/configured-stack.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { withWorkerBundle } from '../support/worker-bundle.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

/** Tells in how many real milliseconds the alarm of the object goes off, or null. */
const ALARM_PATH = '/test-alarm'

/** How far the Worker's clock is ahead. */
let aheadMs = 0

/** Here nothing but the object itself ever sets an alarm. */
const entry = () => `
import { alarmInMs, withAlarms, withClock } from './test/support/clock-worker.ts'
import worker, { LiveAggregator as Base } from './worker.ts'
const clocked = withClock(worker, ${aheadMs})
export class LiveAggregator extends Base {
  constructor(context, env) {
    super(withAlarms(context), env)
  }
  alarmInMs() {
    return alarmInMs(this.ctx)
  }
}
export default {
  ...clocked,
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== '${ALARM_PATH}') return clocked.fetch(request, env, context)
    return Response.json(await env.LIVE.getByName('shop').alarmInMs())
  },
}
`

const sent: string[] = []
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { type, data } = JSON.parse(Buffer.concat(chunks).toString())
  sent.push(`${data.monitor} ${type}`)
  response.end()
})

let stack: TestStack
let worker: RunningWorker
let variables: Record<string, string>

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  variables = {
    SHOP_READ_TOKEN: 'shop-read',
    OPS_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    OPS_SECRET: 'a secret of the receiver',
  }
  stack = await bundle((scriptPath) => startTestStack({ scriptPath, variables }))
  worker = stack.worker
})
afterAll(async () => {
  receiver.closeAllConnections()
  receiver.close()
  if (worker !== stack.worker) await worker.stop()
  await stack.stop()
})

const bundle = <T>(use: (scriptPath: string) => Promise<T>) =>
  withWorkerBundle({ entry: entry(), plugins: [configPlugin('monitors-quiet')] }, use)

async function restart(): Promise<void> {
  const { dataPath, clickhouseUrl } = stack
  const { port } = worker
  await worker.stop()
  worker = await bundle((scriptPath) =>
    startWorker({
      ...{ port, dataPath, clickhouseUrl, scriptPath, variables },
      onLog: (line) => void stack.workerLog.push(line),
    }),
  )
}

async function advance(ms: number): Promise<void> {
  aheadMs += ms
  const response = await fetch(`${worker.url}${CLOCK_PATH}`, { method: 'POST', body: String(ms) })
  expect(response.status).toBe(200)
}

async function readSnapshot(): Promise<SnapshotMessage> {
  const headers = { authorization: 'Bearer shop-read' }
  return (await fetch(`${worker.url}/v1/live/windows`, { headers })).json() as Promise<SnapshotMessage>
}

const alarmInMs = async () => (await fetch(`${worker.url}${ALARM_PATH}`)).json() as Promise<number | null>

/** Waits until the object has written all it has to, and waits for nothing but its windows to grow old. */
const rest = () => waitFor(alarmInMs, (ms) => ms === null || ms > 5 * MINUTE, 60_000)

let posted = 0

/** One event; resolves when the live windows have it. */
async function post(): Promise<void> {
  const body = JSON.stringify({
    writeKey: 'wk_shop',
    batch: [{ type: 'track', event: 'Seen', messageId: `m${++posted}`, anonymousId: 'visitor' }],
  })
  expect((await fetch(`${worker.url}/v1/batch`, { method: 'POST', body })).status).toBe(200)
  const counted = ({ windows }: SnapshotMessage) => windows.reduce((sum, { events }) => sum + events, 0)
  await waitFor(readSnapshot, (snapshot) => counted(snapshot) === posted)
}

it('is told of within seconds after the cron found out, and once, though the object is started anew', async () => {
  await post()
  await worker.triggerCron()
  // Windows from before the first event are not whole, so it takes a second one for some that are.
  await advance(100 * SECOND)
  await post()
  await advance(MINUTE)
  await rest()
  expect((await readSnapshot()).monitors).toMatchObject([{ name: 'nobody', state: 'ok' }])
  await rest()
  expect(sent).toEqual([])
  await advance(3 * MINUTE)
  await worker.triggerCron()
  await waitFor(() => sent.length > 0, undefined, 3 * SECOND)
  for (let minute = 0; minute < 3; minute++) {
    await restart()
    await advance(MINUTE)
    await worker.triggerCron()
    await waitFor(alarmInMs, (ms) => ms === null || ms > MINUTE, 20_000)
  }
  expect(sent).toEqual(['nobody monitor.firing'])
  const { monitors } = await readSnapshot()
  expect(monitors).toMatchObject([{ name: 'nobody', state: 'firing' }])
})
