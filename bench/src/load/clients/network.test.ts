import { expect, test } from 'vitest'
import { createJournal } from './journal.ts'
import { createNetwork } from './network.ts'

test('network times what is answered, passes the answer on, and fails while it is shut', async () => {
  const journal = createJournal()
  let nowMs = 0
  const network = createNetwork(journal, {
    async fetch() {
      nowMs += 40
      return new Response('{"success":true}', { status: 200, headers: { 'retry-after': '1' } })
    },
    now: () => nowMs,
  })
  const answer = await network.fetch('http://collector/')
  expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([
    200,
    '1',
    '{"success":true}',
  ])
  network.setOpen(false)
  await expect(network.fetch('http://collector/')).rejects.toThrow(TypeError)
  const { statuses, openRequests, answerTimes } = journal.take()
  expect({ statuses, openRequests }).toEqual({ statuses: { 200: 1 }, openRequests: 0 })
  expect(Object.values(answerTimes)).toEqual([1])
})

test('a request without an answer has status 0', async () => {
  const journal = createJournal()
  const network = createNetwork(journal, {
    fetch: () => Promise.reject(new TypeError('fetch failed')),
    now: () => 0,
  })
  await expect(network.fetch('http://collector/')).rejects.toThrow('fetch failed')
  expect(journal.take().statuses).toEqual({ 0: 1 })
})
