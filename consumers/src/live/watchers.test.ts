import type {
  ChangeMessage,
  LiveHealth,
  LiveMessage,
  LiveWindow,
  SnapshotMessage,
  TailEvent,
} from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { createWatchers, PUSH_MS, type Telling, type WatchOptions } from './watchers.ts'

type Versioned = SnapshotMessage | ChangeMessage

const HEALTH = {} as LiveHealth

const windowOf = (start: number): LiveWindow => ({
  ...{ name: 'w', start, end: start + 1, state: 'provisional', version: 0, events: 1, groups: [] },
})
const tailOf = (messageId: string, more: Partial<TailEvent> = {}): TailEvent => ({
  ...{ messageId, status: 'accepted', type: 'track', event: 'x', timestamp: 0, receivedAt: 0, batchId: 'b' },
  ...more,
})

/** Watchers of windows whose starts are the stamps of their changes, and a clock that runs what is due. */
function start(epoch = 'e') {
  let now = 1_000_000
  let stamp = 0
  const due: { at: number; run: () => void }[] = []
  const asked: number[] = []
  const telling: Telling = {
    now: () => now,
    stamp: () => stamp,
    watermark: () => 0,
    changedSince: (since) => {
      asked.push(since)
      return {
        windows: Array.from({ length: stamp - since }, (_, i) => windowOf(since + i + 1)),
        removed: [],
      }
    },
    snapshot: () => ({
      ...{ source: 's', watermark: 0, definitions: [{} as never], health: HEALTH, monitors: [] },
      windows: [windowOf(stamp)],
    }),
    health: () => HEALTH,
    monitorsSince: () => undefined,
    schedule: (ms, run) => void due.push({ at: now + ms, run }),
    epoch,
  }
  const watchers = createWatchers(telling)
  return {
    watchers,
    asked,
    now: () => now,
    change() {
      stamp += 1
      watchers.notify()
    },
    pass(ms: number) {
      const end = now + ms
      for (;;) {
        due.sort((a, b) => a.at - b.at)
        if (due[0] === undefined || due[0].at > end) break
        const { at, run } = due.shift() as { at: number; run: () => void }
        now = Math.max(now, at)
        run()
      }
      now = end
    },
    watch(options: WatchOptions & { isSlow?: boolean } = {}) {
      const messages: { at: number; message: Versioned }[] = []
      const closed: number[] = []
      const pending: string[] = []
      const outlet = {
        send(message: LiveMessage) {
          const versioned = message as Versioned
          messages.push({ at: now, message: versioned })
          pending.push(versioned.version)
        },
        close: (code: number) => void closed.push(code),
      }
      const watcher = watchers.add(outlet, options)
      const acknowledge = () => {
        for (const version of pending.splice(0)) watcher.acknowledge(version)
      }
      return {
        outlet,
        watcher,
        messages,
        closed,
        acknowledge,
        last: () => messages.at(-1)?.message as Versioned,
      }
    },
  }
}

const starts = (message: Versioned) => message.windows.map((window) => window.start)

describe('watchers', () => {
  it('get a snapshot first, and then what changed', () => {
    const { watch, change, pass } = start()
    const { messages, acknowledge, last } = watch()
    expect(messages.map(({ message }) => message.type)).toEqual(['snapshot'])
    acknowledge()
    change()
    pass(PUSH_MS)
    expect([last().type, starts(last())]).toEqual(['change', [1]])
  })

  it('get at most two changes a second, however often something changes', () => {
    const { watch, change, pass, now } = start()
    const { messages, acknowledge } = watch()
    acknowledge()
    const begun = now()
    for (let i = 0; i < 400; i++) {
      change()
      pass(10)
      acknowledge()
    }
    const changes = messages.slice(1)
    expect(changes.length).toBeGreaterThan(6)
    for (const { at } of changes)
      expect(changes.filter((one) => one.at >= at && one.at < at + 1_000).length).toBeLessThanOrEqual(2)
    expect(changes.flatMap(({ message }) => starts(message))).toEqual(
      Array.from({ length: changes.flatMap(({ message }) => starts(message)).length }, (_, i) => i + 1),
    )
    expect(now() - begun).toBe(4_000)
  })

  it('get nothing until they have acknowledged, and then all of it as one', () => {
    const { watch, change, pass } = start()
    const slow = watch()
    const quick = watch()
    quick.acknowledge()
    for (let i = 0; i < 5; i++) {
      change()
      pass(PUSH_MS)
      quick.acknowledge()
    }
    expect([slow.messages.length, quick.messages.length]).toEqual([1, 6])
    slow.acknowledge()
    pass(PUSH_MS)
    expect(slow.messages).toHaveLength(2)
    expect(starts(slow.last())).toEqual([1, 2, 3, 4, 5])
  })

  it('are not woken by acknowledgements of something else, in any number', () => {
    const { watch, change, pass } = start()
    const one = watch()
    for (let i = 0; i < 5_000; i++) one.watcher.acknowledge(i % 2 === 0 ? `e.${i + 1}` : 'x'.repeat(100))
    change()
    pass(10_000)
    expect(one.messages).toHaveLength(1)
  })

  it('are dropped when they have acknowledged nothing for half a minute, and nobody else is', () => {
    const { watch, change, pass, watchers } = start()
    const slow = watch()
    const quick = watch()
    quick.acknowledge()
    pass(29_000)
    watchers.dropSlow()
    expect([slow.closed, watchers.size()]).toEqual([[], 2])
    pass(1_000)
    watchers.dropSlow()
    expect([slow.closed, quick.closed, watchers.size()]).toEqual([[1013], [], 1])
    change()
    pass(PUSH_MS)
    expect([slow.messages.length, quick.messages.length]).toEqual([1, 2])
  })

  it('go on from the version that they name', () => {
    const { watch, change, pass } = start()
    const first = watch()
    change()
    const { version } = first.last()
    pass(PUSH_MS)
    change()
    const { messages, last } = watch({ since: version })
    expect([messages.length, last().type, starts(last())]).toEqual([1, 'change', [1, 2]])
  })

  it.each([
    'other.1.0',
    'e.1',
    'e.',
    'e.-1.0',
    'e.1.5x',
    'e.1e3.0',
    'e',
    '',
    '.',
    'E.0.0',
    'e.99999999999999999999.0',
  ])('get a snapshot for a version that means nothing here: %j', (since) => {
    const { watch, change } = start()
    change()
    expect(watch({ since }).last().type).toBe('snapshot')
  })

  it('that were there before get only what changes, and no snapshot', () => {
    const { watch, change, pass } = start()
    const { messages, last } = watch({ isKnown: true })
    expect(messages).toEqual([])
    change()
    pass(PUSH_MS)
    expect([last().type, starts(last())]).toEqual(['change', [1]])
  })

  it('with the same state are told from one look', () => {
    const { watch, change, pass, asked } = start()
    const many = Array.from({ length: 50 }, () => watch())
    for (const one of many) one.acknowledge()
    change()
    pass(PUSH_MS)
    expect(asked).toHaveLength(1)
    expect(many.every(({ messages }) => messages.length === 2)).toBe(true)
  })

  it('get a snapshot again when all is different, once they have acknowledged', () => {
    const { watch, pass, watchers } = start()
    const slow = watch()
    const quick = watch()
    quick.acknowledge()
    watchers.startOver()
    pass(PUSH_MS)
    expect([slow.messages.length, quick.messages.length, quick.last().type]).toEqual([1, 2, 'snapshot'])
    slow.acknowledge()
    pass(PUSH_MS)
    expect(slow.last().type).toBe('snapshot')
  })

  it('cost nothing when there are none', () => {
    const { change, pass, asked, watchers } = start()
    change()
    pass(10_000)
    expect([asked, watchers.watches()]).toEqual([[], []])
  })
})

describe('events that pass', () => {
  it('are shown to those who want them', () => {
    const { watch, watchers, pass } = start()
    const some = watch({ watch: { filters: ['event:is:y'] } })
    const refused = watch({ watch: { filters: [], statuses: ['quarantined'] } })
    const none = watch({ watch: null })
    const wrong = watch({ watch: { filters: ['event:like:y'] } })
    const all = [some, refused, none, wrong]
    for (const one of all) one.acknowledge()
    watchers.addEvents([tailOf('a'), tailOf('b', { event: 'y' }), tailOf('c', { status: 'quarantined' })], 0)
    watchers.notify()
    pass(6_000)
    const shown = all.map(({ messages }) =>
      messages.slice(1).flatMap(({ message }) => message.events?.map(({ messageId }) => messageId) ?? []),
    )
    expect(shown).toEqual([['b'], ['c'], [], []])
  })

  it('are at most 100 a message, and it is said how many are left out', () => {
    const { watch, watchers, pass } = start()
    const one = watch()
    one.acknowledge()
    watchers.addEvents(
      Array.from({ length: 250 }, (_, i) => tailOf(`${i}`)),
      7,
    )
    watchers.notify()
    pass(PUSH_MS)
    const change = one.last() as ChangeMessage
    expect([change.events?.length, change.events?.at(-1)?.messageId, change.missed]).toEqual([
      100,
      '249',
      157,
    ])
  })

  it('that were dropped unseen are counted', () => {
    const { watch, watchers, pass } = start()
    const one = watch()
    watchers.addEvents(
      Array.from({ length: 1_000 }, (_, i) => tailOf(`${i}`)),
      0,
    )
    one.acknowledge()
    pass(PUSH_MS)
    const change = one.last() as ChangeMessage
    expect((change.events?.length ?? 0) + (change.missed ?? 0)).toBe(1_000)
  })

  it('come with the snapshot: the last 50 that are wanted', () => {
    const { watch, watchers } = start()
    watchers.addEvents(
      Array.from({ length: 200 }, (_, i) => tailOf(`${i}`, { event: i % 2 === 0 ? 'x' : 'y' })),
      0,
    )
    const { events } = watch({ watch: { filters: ['event:is:y'] } }).last()
    expect([events?.length, events?.[0]?.messageId, events?.at(-1)?.messageId]).toEqual([50, '101', '199'])
  })

  it('alone are told to those who want nothing else', () => {
    const { watch, watchers, change, pass } = start()
    const one = watch({ isEventsOnly: true })
    expect(one.last()).toMatchObject({ type: 'snapshot', windows: [], definitions: [], monitors: [] })
    one.acknowledge()
    change()
    pass(20_000)
    expect(one.messages).toHaveLength(1)
    watchers.addEvents([tailOf('a')], 0)
    change()
    pass(PUSH_MS)
    expect(one.last()).toMatchObject({ type: 'change', windows: [], events: [{ messageId: 'a' }] })
    expect((one.last() as ChangeMessage).health).toBeUndefined()
  })

  it('that came while a watcher was away are not lost without a word', () => {
    const { watch, watchers, change } = start()
    const first = watch()
    first.acknowledge()
    const { version } = first.last()
    watchers.remove(first.outlet)
    watchers.addEvents([tailOf('a'), tailOf('b')], 0)
    change()
    const { last } = watch({ since: version })
    const shown = last().events?.map(({ messageId }) => messageId) ?? []
    const { missed = 0 } = last() as ChangeMessage
    expect(shown.length + missed).toBe(2)
  })

  it('are wanted as the watcher said last', () => {
    const { watch, watchers } = start()
    const one = watch()
    watch({ watch: { filters: ['event:is:a'] } })
    watch({ watch: { filters: ['event:is:a'] } })
    watch({ watch: null })
    expect(watchers.watches()).toEqual([{ filters: [] }, { filters: ['event:is:a'] }])
    one.watcher.tail(null)
    expect(watchers.watches()).toEqual([{ filters: ['event:is:a'] }])
    watchers.remove(one.outlet)
    expect(watchers.size()).toBe(3)
  })
})
