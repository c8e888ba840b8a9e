import type { TailEvent } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import type { LivePart } from './connection.ts'
import { buildTailEvent } from './fake-live.ts'
import { type FollowOptions, followEvents } from './follow.ts'

/** A message, as a part of a connection. */
const say = (type: string, version: string, rest: object): LivePart => ({
  kind: 'event',
  event: { type, lastEventId: version, data: JSON.stringify(rest) },
})
const snapshot = (version: string, ...ids: string[]) =>
  say('snapshot', version, { events: ids.map((id) => buildTailEvent(id)) })
const change = (version: string, ...ids: string[]) =>
  say('change', version, { events: ids.map((id) => buildTailEvent(id)) })
const cut = (message = 'gone'): LivePart => ({ kind: 'cut', message })
const STOPPED: LivePart = { kind: 'stopped' }

/** Follows connections that say this, each to its end. */
async function follow(connections: LivePart[][], rest: Partial<FollowOptions> = {}) {
  const shown: string[] = []
  const told: string[] = []
  const versions: (string | undefined)[] = []
  const delays: number[] = []
  let clock = 0
  const end = await followEvents({
    async *connect(version) {
      versions.push(version)
      yield* connections[versions.length - 1] ?? [STOPPED]
    },
    show: async ({ messageId }) => void shown.push(messageId),
    tell: (message) => void told.push(message),
    tellMissed: (count) => void told.push(`missed ${count}`),
    firstCount: 50,
    signal: new AbortController().signal,
    random: () => 1,
    now: () => clock,
    sleep: async (ms) => {
      delays.push(ms)
      clock += 1
    },
    ...rest,
  })
  return { end, shown, told, versions, delays }
}

describe('the events that are followed', () => {
  it.each([
    [50, ['a', 'b', 'c', 'd']],
    [2, ['b', 'c', 'd']],
    [0, ['d']],
  ])('begin with the last %i that passed before', async (firstCount, expected) => {
    const { shown } = await follow([[snapshot('e.1', 'a', 'b', 'c'), change('e.2', 'd')]], { firstCount })
    expect(shown).toEqual(expected)
  })

  it('go on where the connection was cut, and none is shown twice, also none that was left out at first', async () => {
    const { shown, versions, told } = await follow(
      [
        [snapshot('e.1', 'a', 'b'), change('e.2', 'c'), cut()],
        [snapshot('f.1', 'a', 'b', 'c', 'd'), change('f.2', 'e')],
      ],
      { firstCount: 1 },
    )
    expect(shown).toEqual(['b', 'c', 'd', 'e'])
    expect(versions).toEqual([undefined, 'e.2', 'f.2'])
    expect(told[0]).toBe('the connection is cut: gone; trying again')
    expect(told[1]).toMatch(/^connected again; of what passed meanwhile the last events/)
  })

  it('may have the same id in another batch, and with another status', async () => {
    const sent = (rest: Partial<TailEvent>) => buildTailEvent('m', { batchId: 'one', ...rest })
    const events = [
      sent({}),
      sent({}),
      sent({ batchId: 'two', status: 'duplicate', index: 0 }),
      sent({ batchId: 'two', status: 'duplicate', index: 1 }),
    ]
    const statuses: string[] = []
    await follow([[say('snapshot', 'e.1', { events })]], {
      show: async ({ status }) => void statuses.push(status),
    })
    expect(statuses).toEqual(['accepted', 'duplicate', 'duplicate'])
  })

  it('are remembered up to 500', async () => {
    const ids = Array.from({ length: 501 }, (_, index) => `m${index}`)
    const connections = [[snapshot('e.1'), change('e.2', ...ids), change('e.3', 'm1', 'm0')]]
    expect((await follow(connections)).shown).toEqual([...ids, 'm0'])
  })

  it('end with the limit', async () => {
    const { shown, end } = await follow([[snapshot('e.1', 'a'), change('e.2', 'b', 'c'), cut()]], {
      limit: 2,
    })
    expect([shown, end]).toEqual([['a', 'b'], { kind: 'done' }])
  })

  it('are not all, where that is said', async () => {
    const { told } = await follow([
      [snapshot('e.1'), say('change', 'e.2', { events: [], missed: 7 }), change('e.3', 'a'), STOPPED],
    ])
    expect(told).toEqual(['missed 7'])
  })

  it('are events: what else a collector says is passed over', async () => {
    const events = [null, 1, { messageId: 'x' }, { ...buildTailEvent('y'), row: [] }, buildTailEvent('z')]
    const { shown } = await follow([
      [say('snapshot', 'e.1', { events }), say('news', 'e.2', {}), say('change', 'e.3', {})],
    ])
    expect(shown).toEqual(['z'])
    const { end } = await follow([[{ kind: 'event', event: { type: 'change', data: '{', lastEventId: '' } }]])
    expect(end).toEqual({ kind: 'stopped' })
  })
})

describe('a connection that ends', () => {
  it('is told once, and when it is back, with waits that grow up to 10 s', async () => {
    const { told, delays, versions } = await follow([
      [snapshot('e.1'), cut('first')],
      ...Array.from({ length: 6 }, () => [cut('still')]),
      [snapshot('e.2'), cut('second')],
    ])
    expect(told.map((message) => message.slice(0, 30))).toEqual([
      'the connection is cut: first; ',
      'connected again; of what passe',
      'the connection is cut: second;',
    ])
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000])
    expect(versions).toEqual([undefined, ...Array(7).fill('e.1'), 'e.2'])
  })

  it('waits a little again after one that held, half of it by chance, and as long as it is asked to', async () => {
    let clock = 0
    const options: Partial<FollowOptions> = {
      random: () => 0,
      now: () => (clock += 10_000),
    }
    const asked: LivePart = { kind: 'cut', message: 'busy', retryAfterMs: 5_000 }
    const { delays } = await follow(
      [[snapshot('e.1'), cut()], [snapshot('e.2'), cut()], [asked], [{ ...asked, retryAfterMs: 3_600_000 }]],
      options,
    )
    expect(delays).toEqual([250, 250, 5_000, 60_000])
  })

  it('is cut by the last word of the collector', async () => {
    const { told, versions } = await follow([
      [snapshot('e.1'), say('error', '', { code: 'restart', message: 'it restarts' })],
    ])
    expect([told[0], versions.length]).toEqual(['the connection is cut: it restarts; trying again', 2])
  })

  it('is the end when it was the first and nothing came, or when it is refused later', async () => {
    expect((await follow([[cut('nobody')]])).end).toEqual({
      kind: 'refused',
      isMistake: false,
      message: 'nobody',
    })
    const refused = { kind: 'refused', isMistake: false, message: 'no' } as const
    const { end, versions } = await follow([[snapshot('e.1'), cut()], [refused]])
    expect([end, versions.length]).toEqual([refused, 2])
  })

  it('is not waited for when it is stopped', async () => {
    const stopping = new AbortController()
    const sleep: FollowOptions['sleep'] = async (_, signal) => {
      stopping.abort()
      signal.throwIfAborted()
    }
    const { end, versions } = await follow([[snapshot('e.1'), cut()]], { signal: stopping.signal, sleep })
    expect([end, versions.length]).toEqual([{ kind: 'stopped' }, 1])
  })
})
