/** `@segment/analytics-node` as npm has it, with nothing changed but its host. */

import { afterAll, beforeAll, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { startTestStack, type TestStack } from '../support/stack.ts'
import { expectNodeVisit } from '../support/stock-node.ts'
import { visitWithSegment } from '../support/stock-servers.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

it('@segment/analytics-node has every call in ClickHouse, once, under its own id', async () => {
  await expectNodeVisit(stack, {
    visit: visitWithSegment,
    name: '@segment/analytics-node',
    version: manifest.dependencies['@segment/analytics-node'],
    userAgent: 'analytics-node-next/latest',
  })
})
