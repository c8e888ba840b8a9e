/** What is expected of a visit that a stock SDK makes on a server, whichever SDK it was. */

import { expect } from 'vitest'
import type { TestStack } from './stack.ts'
import { expectStored } from './stock-rows.ts'
import { createPerson, type Person, type SentEvent } from './stock-visit.ts'

/** An SDK as its events show it. */
export interface NodeLibrary {
  /** Makes the visit and resolves with what was sent. */
  visit: (collectorUrl: string, person: Person) => Promise<SentEvent[]>
  /** As in `context.library`. */
  name: string
  version: string
  userAgent: string
}

/** Makes a visit as a new person and expects every call in ClickHouse, once, with what a server tells. */
export async function expectNodeVisit(stack: TestStack, library: NodeLibrary): Promise<void> {
  const person = createPerson(crypto.randomUUID())
  const sent = await library.visit(stack.worker.url, person)
  const rows = await expectStored(stack, { person, sent, calls: { screen: true, reset: false } })
  for (const row of rows) {
    const isAlias = row['type'] === 'alias'
    expect(row).toMatchObject({
      source: 'dev',
      // The visit's `alias` gives no anonymousId: not every SDK's takes one.
      anonymous_id: isAlias ? '' : person.anonymousId,
      previous_id: isAlias ? person.anonymousId : '',
      library_name: library.name,
      library_version: library.version,
      user_agent: library.userAgent,
    })
  }
  expect(await stack.query('SELECT * FROM quarantine')).toEqual([])
}
