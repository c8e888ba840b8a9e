import { expect, it } from 'vitest'
import { createOutage } from './outage.ts'

it.each([
  [2, '2 events wait'],
  [1, '1 event waits'],
  // Those of an earlier process are none of this one's.
  [0, 'what an earlier process left waits'],
])('that begins while %i events of this client wait says so', (pending, words) => {
  const told: string[] = []
  const outage = createOutage({
    pace: { isBroken: () => true } as never,
    ledger: { pendingCount: () => pending } as never,
    telling: { report: (message: string) => told.push(message) } as never,
  })
  const retry = { message: 'read ECONNRESET', status: undefined } as never
  outage.noteRetry(retry)
  outage.noteRetry(retry)
  expect(told).toEqual([
    `three requests in a row failed, the last with: read ECONNRESET; ${words} and will be tried again`,
  ])
})
