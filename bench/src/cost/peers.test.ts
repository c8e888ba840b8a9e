import { expect, test } from 'vitest'
import { PEERS, tiered } from './peers.ts'

const monthly = (name: string, millions: number) =>
  PEERS.find((peer) => peer.name === name)?.monthly(millions * 1e6)

test('rungs are paid one after the other', () => {
  const rungs = [
    [10, 0],
    [20, 2],
    [100, 1],
  ] as const
  expect([5, 10, 15, 20, 50].map((units) => tiered(rungs, units))).toEqual([0, 0, 10, 20, 50])
})

test('the ladder of PostHog is what the guide has for twelve million events', () => {
  expect(monthly('PostHog product analytics', 12)).toBeCloseTo(393, 6)
  expect(monthly('PostHog product analytics', 100)).toBeCloseTo(50 + 445.9 + 1_032.5 + 1_090, 6)
})

test('prices that nobody published are not made up', () => {
  expect(monthly('RudderStack Growth', 10)).toBeUndefined()
  expect(monthly('Plausible Growth', 100)).toBeUndefined()
})

test('Segment is paid by users, at the most events that its plan allows of each', () => {
  // 40,000 users: 15,000 at 1.2 cents and 15,000 at 1.1.
  expect(monthly('Segment Team', 10)).toBeCloseTo(120 + 180 + 165, 6)
  expect(monthly('Segment Team', 1)).toBe(120)
})
