import { expect, test } from 'vitest'
import { billable, countOf, tallyBetween } from './tally.ts'

const TALLY = {
  'collector|invocations': 100,
  'collector|queue operations': 100,
  'consumer|invocations': 2,
  'consumer|queue operations': 200,
  'consumer|class A': 2,
  'cron|class A': 10,
  'cron|class B': 3,
  'object apply|requests': 2,
  'object apply|rows written': 2,
  'object apply|active ms': 500,
  'object alarm|requests': 1,
  'object alarm|rows written': 7,
  'object alarm|rows read': 4,
  'object alarm|alarms set': 1,
  'object webSocketMessage|requests': 40,
  'consumer|log lines': 5,
}

test('a tally is billed by what Cloudflare counts', () => {
  expect(billable(TALLY)).toMatchObject({
    ...{
      requests: 102,
      queueOperations: 300,
      rowsRead: 4,
      rowsWritten: 10,
      classA: 12,
      classB: 3,
      logEvents: 5,
    },
    // Forty messages of sockets are two requests.
    objectRequests: 5,
    // Half a second of 128 MB.
    objectGbSeconds: 0.064,
  })
})

test('roles can be billed apart', () => {
  const cron = billable(TALLY, (role) => role === 'cron')
  expect(cron).toMatchObject({ classA: 10, classB: 3, requests: 0, objectRequests: 0 })
  expect(countOf(TALLY, 'class A', (role) => role !== 'cron')).toBe(2)
})

test('between two looks is what was added', () => {
  expect(tallyBetween({ 'cron|class A': 4 }, { 'cron|class A': 10, 'cron|class B': 3 })).toEqual({
    ...{ 'cron|class A': 6, 'cron|class B': 3 },
  })
})
