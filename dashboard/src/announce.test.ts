import { expect, it } from 'vitest'
import { createAnnouncer, EVERY_MS } from './announce.ts'

it('announcements are seldom, and none twice in a row', () => {
  let now = 0
  const said: string[] = []
  const announce = createAnnouncer({ say: (text) => said.push(text), now: () => now })
  for (const text of ['a', 'b', 'c']) announce(text)
  now = EVERY_MS - 1
  announce('d')
  now = EVERY_MS
  announce('a')
  announce('e')
  expect(said).toEqual(['a', 'e'])
})
