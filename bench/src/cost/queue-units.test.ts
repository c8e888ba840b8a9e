import { expect, test } from 'vitest'
import { queueUnits } from './queue-units.ts'

test.each([
  [0, 1],
  [63_899, 1],
  [63_900, 1],
  [63_901, 2],
  [64_000, 2],
  [127_900, 2],
  [127_901, 3],
])('a message of %i bytes and the metadata is %i operations', (bytes, units) => {
  expect(queueUnits(bytes)).toBe(units)
})

test('messages of 65 and 127 KB are two operations each, as the page of Queues has it', () => {
  expect([queueUnits(65_000), queueUnits(127_000)]).toEqual([2, 2])
})
