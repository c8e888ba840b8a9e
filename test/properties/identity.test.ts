/** Stories of people and devices, and whose each event is in the end. */

import type { Envelope, EnvelopeEvent, EventType } from '@millrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildEnvelope } from '../support/envelope.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await startWarehouse()
}, 60_000)
afterAll(() => warehouse.stop())

/**
 * A step: `anonymous/user type previous`, at its place in time one minute after the one before; `@n` puts it at minute n.
 * `retract n` takes back the step of that number.
 */
type Step = string

interface Story {
  name: string
  steps: readonly Step[]
  /** The person of each step; of a step that is taken back, and of the taking back, none. */
  persons: readonly string[]
}

const STORIES: readonly Story[] = [
  { name: 'a visitor who is never known', steps: ['a/ page', 'a/ track'], persons: ['a', 'a'] },
  { name: 'two visitors', steps: ['a/ page', 'b/ page'], persons: ['a', 'b'] },
  {
    name: 'a login makes the history hers',
    steps: ['a/ page', 'a/ann identify', 'a/ann page'],
    persons: ['ann', 'ann', 'ann'],
  },
  {
    name: 'after a logout that keeps the anonymous id she is still the one known',
    steps: ['a/ann identify', 'a/ page'],
    persons: ['ann', 'ann'],
  },
  {
    name: 'after a logout with a new anonymous id nobody is known',
    steps: ['a/ann identify', 'b/ page'],
    persons: ['ann', 'b'],
  },
  {
    name: 'and a login again',
    steps: ['a/ann identify', 'b/ page', 'b/ann identify'],
    persons: ['ann', 'ann', 'ann'],
  },
  {
    name: 'a second device',
    steps: ['a/ page', 'a/ann identify', 'b/ page', 'b/ann identify'],
    persons: ['ann', 'ann', 'ann', 'ann'],
  },
  {
    name: 'a device that two people share keeps them apart',
    steps: ['a/ page', 'a/ann identify', 'a/ page', 'a/bob identify', 'a/ page'],
    persons: ['ann', 'ann', 'ann', 'bob', 'bob'],
  },
  {
    name: 'a shared device where the first comes back',
    steps: ['a/ann identify', 'a/bob identify', 'a/ann identify', 'a/ page'],
    persons: ['ann', 'bob', 'ann', 'ann'],
  },
  {
    name: 'a shared device, and each has one of her own',
    steps: [
      'b/ page',
      'b/bob identify',
      'a/ann identify',
      'a/ page',
      'a/bob identify',
      'a/ page',
      'c/ann identify',
      'c/ page',
    ],
    persons: ['bob', 'bob', 'ann', 'ann', 'bob', 'bob', 'ann', 'ann'],
  },
  {
    name: 'ids on a track event say as much as an identify',
    steps: ['a/ page', 'a/ann track'],
    persons: ['ann', 'ann'],
  },
  {
    name: 'a server that knows the user alone',
    steps: ['a/ page', '/ann track', 'a/ann identify'],
    persons: ['ann', 'ann', 'ann'],
  },
  {
    name: 'a server event of a user does not touch a visitor',
    steps: ['a/ page', '/ann track'],
    persons: ['a', 'ann'],
  },
  { name: 'an alias of an anonymous id', steps: ['a/ page', '/ann alias a'], persons: ['ann', 'ann'] },
  {
    name: 'an alias of a user joins two persons',
    steps: ['a/ann identify', '/bea track', '/bea alias ann'],
    persons: ['bea', 'bea', 'bea'],
  },
  {
    name: 'the history of both comes along',
    steps: ['a/ page', 'a/ann identify', 'b/ page', 'b/bea identify', '/bea alias ann', 'a/ page'],
    persons: ['bea', 'bea', 'bea', 'bea', 'bea', 'bea'],
  },
  {
    name: 'an identify never joins users, however often',
    steps: ['a/ann identify', 'a/bea identify', 'b/ann identify', 'b/bea identify'],
    persons: ['ann', 'bea', 'ann', 'bea'],
  },
  {
    name: 'a chain of aliases',
    steps: ['/u1 track', '/u2 alias u1', '/u3 alias u2', '/u1 track'],
    persons: ['u3', 'u3', 'u3', 'u3'],
  },
  {
    name: 'a circle of aliases ends at the first',
    steps: ['/u1 track', '/u2 track', '/u2 alias u1', '/u1 alias u2'],
    persons: ['u2', 'u2', 'u2', 'u2'],
  },
  {
    name: 'a circle of three',
    steps: ['/u1 track', '/u2 track', '/u3 track', '/u2 alias u1', '/u3 alias u2', '/u1 alias u3'],
    persons: ['u2', 'u2', 'u2', 'u2', 'u2', 'u2'],
  },
  {
    name: 'two users that become a third',
    steps: ['/u1 track', '/u2 track', '/u3 alias u1', '/u3 alias u2'],
    persons: ['u3', 'u3', 'u3', 'u3'],
  },
  {
    name: 'one user that becomes two: the first alias names the person',
    steps: ['/u1 track', '/u2 alias u1', '/u3 alias u1'],
    persons: ['u2', 'u2', 'u2'],
  },
  { name: 'an alias of oneself', steps: ['/ann track', '/ann alias ann'], persons: ['ann', 'ann'] },
  {
    name: 'an alias of a user who is known only later',
    steps: ['/bea alias ann', 'a/ page', 'a/ann identify'],
    persons: ['bea', 'bea', 'bea'],
  },
  {
    name: 'an alias that is taken back parts them',
    steps: ['/ann track', '/bea track', '/bea alias ann', 'retract 2', '/ann track'],
    persons: ['ann', 'bea', '', '', 'ann'],
  },
  {
    name: 'and one of two aliases leaves the other',
    steps: ['/ann track', '/bea alias ann', '/bea alias ann', 'retract 1'],
    persons: ['bea', '', 'bea', ''],
  },
  {
    name: 'a login that is taken back',
    steps: ['a/ page', 'a/ann identify', 'retract 1'],
    persons: ['a', '', ''],
  },
  {
    name: 'a late login reaches back',
    steps: ['a/ page', '@90 a/ann identify', '@30 a/ page'],
    persons: ['ann', 'ann', 'ann'],
  },
  {
    name: 'a login that comes late puts another before it',
    steps: ['@10 a/bob identify', '@20 a/ page', '@5 a/ann identify', '@0 a/ page'],
    persons: ['bob', 'bob', 'ann', 'ann'],
  },
  {
    name: 'words for nobody stitch nothing',
    steps: ['a/null identify', 'b/null identify', 'undefined/ann identify', 'undefined/bob identify'],
    persons: ['a', 'b', 'ann', 'bob'],
  },
  {
    name: 'nor do others, in any case',
    steps: ['a/ANONYMOUS page', 'b/[object Object] page', 'c/ Guest page', 'd/0 page'],
    persons: ['a', 'b', 'c', 'd'],
  },
  {
    name: 'an event with nothing but such words is nobody’s',
    steps: ['null/undefined track'],
    persons: [''],
  },
  {
    name: 'an alias of such a word joins nothing',
    steps: ['/ann alias null', '/bob alias null'],
    persons: ['ann', 'bob'],
  },
  {
    name: 'one who is her own anonymous id',
    steps: ['ann/ page', 'ann/ann identify'],
    persons: ['ann', 'ann'],
  },
]

const START = Date.UTC(2026, 10, 1, 8)

/** Each step comes with a delivery and a run of its own, in the order they are told; or all at once, backwards. */
function envelopesOf(source: string, steps: readonly Step[]): Envelope[] {
  return steps.map((step, index) => {
    const [, minute, rest = ''] = /^(?:@(\d+) )?(.*)$/.exec(step) ?? []
    const at = START + Number(minute ?? index) * 60_000
    const events = [eventOf(rest, index, at)]
    return buildEnvelope({ source, receivedAt: at + 1_000, batchId: `b${index}`, events })
  })
}

function eventOf(step: string, index: number, at: number): EnvelopeEvent {
  const base = { messageId: `m${index}`, timestamp: at, originalTimestamp: at }
  const retracted = /^retract (\d+)$/.exec(step)
  if (retracted !== null) {
    return {
      ...base,
      type: 'track',
      event: '$retract',
      properties: { messageId: `m${retracted[1]}`, reason: 'a mistake' },
    }
  }
  const [, anonymousId = '', userId = '', type = '', previousId] =
    /^([^/]*)\/(.*?) (page|track|identify|alias)(?: (.*))?$/.exec(step) ?? []
  return {
    ...base,
    type: type as EventType,
    ...(type === 'track' ? { event: 'Did' } : {}),
    ...(anonymousId === '' ? {} : { anonymousId }),
    ...(userId === '' ? {} : { userId }),
    ...(previousId === undefined ? {} : { previousId }),
  }
}

async function personsOf(source: string, count: number): Promise<string[]> {
  const rows = await warehouse.query<{ id: string; person: string }>(
    'SELECT message_id AS id, person_id AS person FROM events_resolved WHERE source = {source:String}',
    { source },
  )
  const persons = new Map(rows.map(({ id, person }) => [id, person]))
  expect(persons.size, 'no event twice').toBe(rows.length)
  return Array.from({ length: count }, (_, index) => persons.get(`m${index}`) ?? '')
}

describe('each event is whose it should be', () => {
  // All stories step by step, a run after each step: as many runs as the longest has steps.
  it('when the steps come one by one', { timeout: 300_000 }, async () => {
    const told = STORIES.map(({ steps }, index) => envelopesOf(`told${index}`, steps))
    const longest = Math.max(...STORIES.map(({ steps }) => steps.length))
    for (let step = 0; step < longest; step++) {
      await warehouse.write(told.flatMap((envelopes) => envelopes[step] ?? []))
      await warehouse.recompute()
    }
    await expectPersons('told')
  })

  it('when they come all at once, the last first', { timeout: 300_000 }, async () => {
    await warehouse.write(STORIES.flatMap(({ steps }, index) => envelopesOf(`once${index}`, steps).reverse()))
    await warehouse.recompute()
    await expectPersons('once')
  })

  it('when they come one by one, the last first, each twice', { timeout: 300_000 }, async () => {
    const told = STORIES.map(({ steps }, index) => envelopesOf(`back${index}`, steps).reverse())
    const longest = Math.max(...STORIES.map(({ steps }) => steps.length))
    for (let step = 0; step < longest; step++) {
      await warehouse.write(
        told.flatMap((envelopes) => [
          ...envelopes.slice(step, step + 1),
          ...envelopes.slice(Math.max(0, step - 1), step),
        ]),
      )
      // A run has the steps of some deliveries, as it has them when they come fast.
      if (step % 3 === 2 || step === longest - 1) await warehouse.recompute()
    }
    await expectPersons('back')
  })

  it('and joining and parting is in the log', async () => {
    const index = STORIES.findIndex(({ name }) => name === 'an alias that is taken back parts them')
    const rows = await warehouse.query(
      'SELECT user_id, person_before, person_after, evidence_id FROM identity_merges WHERE source = {source:String} ORDER BY at',
      { source: `told${index}` },
    )
    expect(rows).toEqual([
      { user_id: 'ann', person_before: 'ann', person_after: 'bea', evidence_id: 'm2' },
      { user_id: 'ann', person_before: 'bea', person_after: 'ann', evidence_id: '' },
    ])
  })
})

it('users with long ids, hundreds of them, are joined in one run', async () => {
  const source = 'long'
  const id = (index: number) => `${'ü'.repeat(240)}${index}`
  const events = Array.from({ length: 400 }, (_, index) => {
    const at = Date.UTC(2026, 10, 1) + index
    const event =
      index < 200
        ? { type: 'track' as const, event: 'Seen', userId: id(index) }
        : { type: 'alias' as const, previousId: id(index - 200), userId: 'one' }
    return { ...event, messageId: `l${index}`, timestamp: at, originalTimestamp: at }
  })
  await warehouse.write([buildEnvelope({ source, receivedAt: Date.UTC(2026, 10, 2), events })])
  await warehouse.recompute()
  const [row] = await warehouse.query<{ persons: string[] }>(
    'SELECT groupUniqArray(person_id) AS persons FROM events_resolved WHERE source = {source:String}',
    { source },
  )
  expect(row?.persons).toEqual(['one'])
})

async function expectPersons(prefix: string): Promise<void> {
  for (const [index, { name, persons }] of STORIES.entries()) {
    expect(await personsOf(`${prefix}${index}`, persons.length), name).toEqual(persons)
  }
}
