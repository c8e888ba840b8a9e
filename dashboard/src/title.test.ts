import { expect, it } from 'vitest'
import { createTitle, HIDDEN_EVERY_MS, type TitleFacts } from './title.ts'

const FACTS: TitleFacts = { kind: 'live', source: 'shop', visitors: 3, isHidden: false }

function createWorld() {
  const titles: string[] = []
  const world = { now: 0, titles }
  return Object.assign(world, {
    show: createTitle({ set: (title) => void titles.push(title), now: () => world.now }),
  })
}

it.each([
  ['live', '1,234 here · shop · Millrace'],
  ['lost', 'Disconnected · shop · Millrace'],
  ['silent', 'No word · shop · Millrace'],
  ['paused', 'Paused · shop · Millrace'],
] as const)('title of a page that is %s is %s', (kind, title) => {
  const { show, titles } = createWorld()
  show({ ...FACTS, kind, visitors: 1_234 })
  expect(titles).toEqual([title])
})

it('title of a hidden page changes every ten seconds, and at once when the connection is lost', () => {
  const world = createWorld()
  const hidden = { ...FACTS, isHidden: true }
  world.show({ ...hidden, visitors: 1 })
  world.show({ ...hidden, visitors: 2 })
  world.now = HIDDEN_EVERY_MS
  world.show({ ...hidden, visitors: 3 })
  world.show({ ...hidden, kind: 'lost' })
  world.show({ ...hidden, kind: 'lost' })
  expect(world.titles.map((title) => title.split(' · ')[0])).toEqual(['1 here', '3 here', 'Disconnected'])
})
