/** `@segment/analytics-node` as npm has it, with nothing changed but its host. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { startTestStack, type TestStack } from '../support/stack.ts'
import { storedRows } from '../support/stock-rows.ts'
import { visitWithSegment } from '../support/stock-servers.ts'
import { createPerson, expectedRows } from '../support/stock-visit.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

it('@segment/analytics-node has every call in ClickHouse, once, under its own id', async () => {
  const person = createPerson(crypto.randomUUID())
  const sent = await visitWithSegment(stack.worker.url, person)
  const rows = await storedRows(stack, sent)

  expect(rows.map(({ message_id }) => message_id)).toEqual(sent.map(({ messageId }) => messageId))
  expect(rows).toMatchObject(expectedRows(person, { screen: true, reset: false }))
  for (const row of rows) {
    const isAlias = row['type'] === 'alias'
    expect(row).toMatchObject({
      source: 'dev',
      // Its `alias` takes no anonymousId.
      anonymous_id: isAlias ? '' : person.anonymousId,
      previous_id: isAlias ? person.anonymousId : '',
      library_name: '@segment/analytics-node',
      library_version: manifest.dependencies['@segment/analytics-node'],
      user_agent: 'analytics-node-next/latest',
    })
    expect(row.ageMs).toBeLessThan(10_000)
  }
  expect(await stack.query('SELECT * FROM quarantine')).toEqual([])
})
