/** `@rudderstack/rudder-sdk-node` as npm has it, with nothing changed but its data plane; it sends gzip. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { startTestStack, type TestStack } from '../support/stack.ts'
import { storedRows } from '../support/stock-rows.ts'
import { visitWithRudder } from '../support/stock-servers.ts'
import { createPerson, expectedRows } from '../support/stock-visit.ts'

const VERSION = manifest.dependencies['@rudderstack/rudder-sdk-node']

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

it('@rudderstack/rudder-sdk-node has every call in ClickHouse, once, under its own id', async () => {
  const person = createPerson(crypto.randomUUID())
  const sent = await visitWithRudder(stack.worker.url, person)
  const rows = await storedRows(stack, sent)

  expect(rows.map(({ message_id }) => message_id)).toEqual(sent.map(({ messageId }) => messageId))
  expect(rows).toMatchObject(expectedRows(person, { screen: true, reset: false }))
  for (const row of rows) {
    const isAlias = row['type'] === 'alias'
    expect(row).toMatchObject({
      source: 'dev',
      // The visit's `alias` gives no anonymousId.
      anonymous_id: isAlias ? '' : person.anonymousId,
      previous_id: isAlias ? person.anonymousId : '',
      library_name: 'analytics-node',
      library_version: VERSION,
      user_agent: `analytics-node/${VERSION}`,
    })
    expect(row.ageMs).toBeLessThan(10_000)
  }
  expect(await stack.query('SELECT * FROM quarantine')).toEqual([])
})
