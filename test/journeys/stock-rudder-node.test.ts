/** `@rudderstack/rudder-sdk-node` as npm has it, with nothing changed but its data plane; it sends gzip. */

import { afterAll, beforeAll, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { startTestStack, type TestStack } from '../support/stack.ts'
import { expectNodeVisit } from '../support/stock-node.ts'
import { visitWithRudder } from '../support/stock-servers.ts'

const VERSION = manifest.dependencies['@rudderstack/rudder-sdk-node']

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

it('@rudderstack/rudder-sdk-node has every call in ClickHouse, once, under its own id', async () => {
  await expectNodeVisit(stack, {
    visit: visitWithRudder,
    name: 'analytics-node',
    version: VERSION,
    userAgent: `analytics-node/${VERSION}`,
  })
})
