/** examples/duckdb-lake: a visit that is posted, published, exported by command, and asked about in SQL. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { runCommand } from '../support/command.ts'
import { runProjectCommand } from '../support/packed-command.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { storedEvents } from './support/stored.ts'

let stack: TestStack
let folder: string
beforeAll(async () => {
  stack = await startTestStack()
  folder = await mkdtemp(join(tmpdir(), 'millrace-report-'))
})
afterAll(async () => {
  await stack.stop()
  await rm(folder, { recursive: true, force: true })
})

const MUG = { product_id: 'mug', name: 'Stoneware mug', price: 24, currency: 'EUR' }
const TOWEL = { product_id: 'towel', name: 'Linen tea towel', price: 16, currency: 'EUR' }

const track = (anonymousId: string, event: string, properties: object) => ({
  ...{ type: 'track', anonymousId, event, properties },
  messageId: `${anonymousId}-${event}-${JSON.stringify(properties).length}`,
  originalTimestamp: '2026-11-21T10:20:30.400Z',
})

const VISITS = [
  { ...track('ada', '', {}), type: 'page', messageId: 'ada-page' },
  { ...track('bob', '', {}), type: 'page', messageId: 'bob-page' },
  ...['ada', 'bob'].map((visitor) => track(visitor, 'Product Viewed', MUG)),
  track('bob', 'Product Viewed', TOWEL),
  track('ada', 'Product Added', MUG),
  track('ada', 'Order Completed', {
    revenue: 48,
    products: [
      { ...MUG, quantity: 2 },
      { ...TOWEL, quantity: 1 },
    ],
  }),
]

/** A row of each table. */
const ANSWERS = [
  /'2026-11-2\d' +│ '2' +│ '2' +│ '1'/,
  /'Stoneware mug' +│ '2' +│ '1'/,
  /'Linen tea towel' +│ '1' +│ '0'/,
  /'Stoneware mug' +│ 2 +│ 48/,
  /'Linen tea towel' +│ 1 +│ 16/,
]

it('answers the three questions', async () => {
  const sentAt = '2026-11-21T10:20:31.000Z'
  expect((await stack.post({ batch: VISITS, sentAt })).status).toBe(200)
  await storedEvents(stack, VISITS.length)
  await waitFor(async () => {
    await stack.worker.triggerCron()
    return (await stack.worker.listObjects('parts/source=dev/')).length === 0
  })
  const out = ['--out', join(folder, 'export'), '--endpoint', stack.worker.url]
  const exported = await runCommand(process.execPath, [
    'cli/bin/millrace.mjs',
    'export',
    '--source',
    'dev',
    ...out,
  ])
  expect(exported.code, exported.stderr).toBe(0)

  const { code, output } = await runProjectCommand({
    command: process.execPath,
    args: [join(ROOT, 'examples/duckdb-lake/report.js')],
    cwd: folder,
    timeoutMs: 60_000,
  })
  expect(code, output).toBe(0)
  for (const row of ANSWERS) expect(output).toMatch(row)
})
