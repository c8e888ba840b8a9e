import { expect, test } from 'vitest'
import { createPacer } from './pacer.ts'

test('pacer keeps its rate, whatever a client tracks at once', () => {
  let nowMs = 0
  let tracked = 0
  const pacer = createPacer(() => nowMs)
  pacer.setRate(333)
  for (; nowMs <= 10_000; nowMs += 20) {
    pacer.run(() => {
      tracked += 5
      return 5
    })
  }
  expect(Math.abs(tracked - 3_330)).toBeLessThan(8)
})

test('a process that stood still makes up for a second at most', () => {
  let nowMs = 0
  let tracked = 0
  const pacer = createPacer(() => nowMs)
  pacer.setRate(100)
  nowMs = 60_000
  pacer.run(() => {
    tracked += 1
    return 1
  })
  expect(tracked).toBe(100)
})
