/** examples/custom-window-and-monitor: failed payments, read from the window, and told to the receiver. */

import { join } from 'node:path'
import type { LiveWindow } from '@millrace/schemas/live'
import { afterAll, beforeAll, expect, it } from 'vitest'
import config from '../../examples/custom-window-and-monitor/millrace.config.ts'
import { ROOT } from '../../scripts/setup.mjs'
import { type ProjectProcess, startProjectCommand } from '../support/packed-command.ts'
import { findFreePort } from '../support/ports.ts'
import type { TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { advanceClock, startExampleStack } from './support/own-config.ts'

const EXAMPLE = 'custom-window-and-monitor'

const SECRET = 'whsec_dGhpcnR5LXR3byBieXRlcyBvZiBhIHNlY3JldA=='

const SECOND = 1_000

/** So long after the last event windows close by the time of day: the lateness, and the quiet before it. */
const SETTLED_MS = 60 * SECOND

/** The Worker's clock begins so much behind, and ends near the receiver's, which refuses what is over five minutes off. */
const AHEAD_MS = -240 * SECOND

let stack: TestStack
let receiver: ProjectProcess
let url: string
beforeAll(async () => {
  const port = await findFreePort()
  url = `http://127.0.0.1:${port}`
  receiver = startProjectCommand({
    command: process.execPath,
    args: ['receiver.js'],
    cwd: join(ROOT, 'examples', EXAMPLE),
    env: { OPS_WEBHOOK_SECRET: SECRET, PORT: String(port) },
    timeoutMs: 30_000,
  })
  await receiver.waitForLine(/http:/)
  const variables = { SHOP_READ_TOKEN: 'shop-read', OPS_WEBHOOK_URL: url, OPS_WEBHOOK_SECRET: SECRET }
  stack = await startExampleStack({ example: EXAMPLE, source: 'shop', variables, aheadMs: AHEAD_MS })
})
afterAll(async () => {
  await stack.stop()
  await receiver.stop()
})

async function post(...events: [provider: string, visitor: string][]): Promise<void> {
  const batch = events.map(([provider, visitor]) => ({
    ...{ type: 'track', event: 'Payment Failed', anonymousId: visitor },
    messageId: `${provider}-${visitor}`,
    properties: { provider, value: 49 },
  }))
  expect((await stack.post({ writeKey: 'wk_shop', batch })).status).toBe(200)
}

/** The newest of the windows of an event, and its groups by provider. */
async function readGroups(): Promise<Record<string, object>> {
  const response = await fetch(`${stack.worker.url}/v1/live/windows?name=failed_payments`, {
    headers: { authorization: 'Bearer shop-read' },
  })
  const { windows } = (await response.json()) as { windows: LiveWindow[] }
  const groups = windows.at(-1)?.groups ?? []
  return Object.fromEntries(groups.map(({ key, values }) => [key.join(), values]))
}

it('shows failed payments by provider, and tells when there are too many', async () => {
  // Counting begins with the first event, and only whole windows are judged.
  await post(['cardgate', 'v0'])
  await waitFor(readGroups, ({ cardgate }) => cardgate !== undefined)
  await advanceClock(stack, 70 * SECOND)
  // Every minute, where nothing is in the hand of a test.
  await stack.worker.triggerCron()

  await post(
    ...['v1', 'v2', 'v3', 'v4'].map((visitor): [string, string] => ['cardgate', visitor]),
    ...['v1', 'v2', 'v3'].map((visitor): [string, string] => ['paybridge', visitor]),
  )
  expect(await waitFor(readGroups, ({ paybridge }) => paybridge !== undefined)).toEqual({
    cardgate: { payments: 4, visitors: 4, value: 4 * 49 },
    paybridge: { payments: 3, visitors: 3, value: 3 * 49 },
  })

  await advanceClock(stack, 60 * SECOND + SETTLED_MS)
  await receiver.waitForLine(
    /^monitor\.firing shop Payments fail \["cardgate"\]: payments of cardgate was 4 in the window until .*; it must not be above 3$/m,
  )
  await receiver.waitForLine(/^monitor\.recovered shop Payments fail \["cardgate"\]: .*$/m)
  expect(receiver.output()).not.toContain('paybridge')
})

it('has a receiver that believes nobody else', async () => {
  const timestamp = String(Math.floor(Date.now() / SECOND))
  const headers = { 'webhook-id': 'm1', 'webhook-timestamp': timestamp, 'webhook-signature': 'v1,AAAA' }
  expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).toBe(401)
})

it('has a configuration whose monitor watches its window', () => {
  expect(config.windows?.map(({ name }) => name)).toContain('failed_payments')
})
