import { expect, test } from 'vitest'
import { createJournal } from './journal.ts'

test('journal joins events that end one after the other, and says everything once', () => {
  const journal = createJournal()
  journal.give('a', 1)
  journal.give('a', 3)
  for (const seq of [1, 2, 3, 7]) journal.end('acked', 'a', seq, seq)
  journal.end('dropped', 'b', 4, 6)
  journal.refuse('queue_full', 2)
  journal.answer(200, 12)
  journal.answer(0, 1)
  journal.open(1)
  expect(journal.take()).toMatchObject({
    given: [['a', 3]],
    acked: [
      ['a', 1, 3],
      ['a', 7, 7],
    ],
    filtered: [],
    dropped: [['b', 4, 6]],
    statuses: { 0: 1, 200: 1 },
    unnumbered: { queue_full: 2 },
    openRequests: 1,
  })
  expect(journal.take()).toMatchObject({
    given: [],
    acked: [],
    dropped: [],
    statuses: {},
    unnumbered: {},
    openRequests: 1,
  })
})
