import { expect, it } from 'vitest'
import { createAnnouncer, EVERY_MS } from './announce.ts'

function createWorld() {
  const said: string[] = []
  const world = { now: 0, said }
  const announce = createAnnouncer({ say: (text) => void said.push(text), now: () => world.now })
  const tellNumbers = (...counts: number[]) => {
    for (const count of counts) announce.tellNumber(count, String(count))
  }
  return Object.assign(world, { announce, tellNumbers })
}

it('numbers are announced seldom', () => {
  const world = createWorld()
  world.tellNumbers(10, 100)
  world.now = EVERY_MS - 1
  world.tellNumbers(200)
  world.now = EVERY_MS
  world.tellNumbers(300, 400)
  expect(world.said).toEqual(['10', '300'])
})

it.each([
  [10, 14, false],
  [10, 15, true],
  [100, 119, false],
  [100, 120, true],
  [100, 80, true],
  [0, 1, true],
  [3, 0, true],
  [0, 0, false],
])('after %i it is announced that there are %i: %s', (before, after, expected) => {
  const world = createWorld()
  world.tellNumbers(before)
  world.now = EVERY_MS
  world.tellNumbers(after)
  expect(world.said.length).toBe(expected ? 2 : 1)
})

it('what a person did is announced at once, and another source anew', () => {
  const world = createWorld()
  world.tellNumbers(10)
  world.announce.tell('Paused.')
  world.announce.clear()
  world.tellNumbers(10)
  expect(world.said).toEqual(['10', 'Paused.', '', '10'])
})
