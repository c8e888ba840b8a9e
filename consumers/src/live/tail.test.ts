import type { TailEvent } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { listEntries } from './combine.ts'
import { deliveriesOf, envelopeOf } from './live-fakes.ts'
import { chooseTail, createTailTest, MAX_WATCHED } from './tail.ts'

const T = 1_700_000_400_000
const ALL = { filters: [] }

const event = (messageId: string, more: object = {}) => ({ messageId, timestamp: T, ...more })
const entriesOf = (events: Parameters<typeof envelopeOf>[0], more: object = {}) =>
  listEntries(deliveriesOf(envelopeOf(events, more)))
const ids = (events: readonly TailEvent[]) => events.map(({ messageId }) => messageId)

const quarantined = {
  ...{
    messageId: 'q',
    index: 3,
    type: 'track',
    event: 'Bad',
    reason: 'schema_violation',
    path: 'properties.n',
  },
  ...{ message: 'must be a number', raw: '{"n":1}', rawBytes: 7 },
}
const omitted = { messageId: 'o', index: 4, status: 'filtered', reason: 'bot' }

describe('events that are shown', () => {
  it('are the last few when nobody watches', () => {
    const entries = entriesOf(Array.from({ length: 60 }, (_, i) => event(`${i}`)))
    const { events, missed } = chooseTail(entries, [])
    expect([events.length, events.at(-1)?.messageId, missed]).toEqual([20, '59', 0])
  })

  it('are those that somebody wants, the last of too many, and it is said how many more', () => {
    const entries = entriesOf(
      Array.from({ length: 300 }, (_, i) => event(`${i}`, { event: i < 250 && i % 2 === 0 ? 'x' : 'y' })),
    )
    const { events, missed } = chooseTail(entries, [
      { filters: ['event:is:x'] },
      { filters: ['message_id:is:249'] },
    ])
    const wanted = events.filter(({ messageId, event: name }) => name === 'x' || messageId === '249')
    expect([wanted.length, wanted.at(-1)?.messageId, missed]).toEqual([MAX_WATCHED, '249', 26])
    // In the order they came in, and not much more than what is wanted.
    expect(ids(events).map(Number)).toEqual([...ids(events).map(Number)].sort((a, b) => a - b))
    expect(events.length).toBeLessThanOrEqual(MAX_WATCHED + 20)
    expect(chooseTail(entries, [{ filters: ['event:is:z'] }]).missed).toBe(0)
  })

  it('say what became of each', () => {
    const entries = entriesOf([event('a', { anonymousId: 'v', properties: { plan: 'pro', none: {} } })], {
      ...{ quarantined: [quarantined], omitted: [omitted], receivedAt: T + 5 },
    })
    const { events } = chooseTail(entries, [ALL])
    expect(events).toMatchObject([
      {
        messageId: 'a',
        status: 'accepted',
        event: 'x',
        timestamp: T,
        receivedAt: T + 5,
        row: { anonymous_id: 'v' },
      },
      {
        messageId: 'q',
        status: 'quarantined',
        event: 'Bad',
        index: 3,
        reason: 'schema_violation',
        raw: '{"n":1}',
      },
      { messageId: 'o', status: 'filtered', event: '', index: 4, reason: 'bot' },
    ])
    expect(events[0]?.row).not.toHaveProperty('user_id')
  })

  it.each<[string, string[], string[]]>([
    ['of an event', ['event:is:x'], ['a']],
    ['of what its row holds', ['properties.plan:in:pro,team', 'anonymous_id:exists'], ['a']],
    ['that all must hold', ['event:is:x', 'properties.plan:is:free'], []],
    ['of a refused event', ['event:is:Bad'], ['q']],
    ['that is wrong', ['nothing'], []],
  ])('are chosen by a filter %s', (_, filters, expected) => {
    const entries = entriesOf([event('a', { anonymousId: 'v', properties: { plan: 'pro' } })], {
      quarantined: [quarantined],
    })
    const { events } = chooseTail(entries, [{ filters }])
    expect(ids(events.filter(createTailTest({ filters })))).toEqual(expected)
  })

  it('are chosen by status', () => {
    const test = createTailTest({ filters: [], statuses: ['filtered', 'duplicate'] })
    const entries = entriesOf([event('a')], { quarantined: [quarantined], omitted: [omitted] })
    expect(ids(chooseTail(entries, [ALL]).events.filter(test))).toEqual(['o'])
  })

  it('are cut to what a message holds, whatever the event holds', () => {
    const long = 'x'.repeat(1_900)
    const names = ['path', 'referrer', 'search', 'title', 'url']
    const context = {
      page: Object.fromEntries(names.map((name) => [name, `/${long}`])),
      campaign: Object.fromEntries(
        ['name', 'source', 'medium', 'term', 'content'].map((name) => [name, long]),
      ),
      ...{ locale: long, timezone: long, app: { name: long, version: long, namespace: long } },
    }
    const { events } = chooseTail(entriesOf([event('a', { context, properties: { a: long } })]), [ALL])
    expect(events[0]?.isCut).toBe(true)
    expect(JSON.stringify(events[0]).length).toBeLessThan(17_000)
  })

  it('are cut where what was refused is long', () => {
    const entries = entriesOf([], {
      quarantined: [{ ...quarantined, raw: 'x'.repeat(32_000) }],
      receivedAt: T,
    })
    const { events } = chooseTail(entries, [ALL])
    expect(events).toMatchObject([{ isCut: true }])
    expect(JSON.stringify(events[0]).length).toBeLessThan(5_000)
  })
})
