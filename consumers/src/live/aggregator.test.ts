import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { LiveWindow, WindowDefinition } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { deliveriesOf, envelopeOf, planOf, sinkTo } from './live-fakes.ts'

const BY_NAME: WindowDefinition = {
  name: 'events',
  by: ['event'],
  window: { kind: 'tumbling', size: '10s' },
  measures: { count: { kind: 'count' }, visitors: { kind: 'uniques', of: 'visitor_id' } },
}

/** A moment that windows of 10 s begin at, a while ago. */
const T = Math.floor((Date.now() - 600_000) / 60_000) * 60_000

let sources = 0

/** A source of its own for each test, because objects outlive them. */
function startSource(windows: readonly WindowDefinition[] = [BY_NAME]) {
  sources += 1
  const source = `source-${sources}`
  const sink = sinkTo(env.LIVE, planOf(windows))
  const stub = () => env.LIVE.getByName(source)
  return {
    stub,
    write: (...envelopes: ReturnType<typeof envelopeOf>[]) =>
      sink.write(deliveriesOf(...envelopes.map((envelope) => ({ ...envelope, source })))),
    async windows(name = 'events'): Promise<LiveWindow[]> {
      const response = await stub().fetch(`https://live/windows?name=${name}`)
      const { windows }: { windows: LiveWindow[] } = await response.json()
      return windows
    },
  }
}

const counts = (windows: readonly LiveWindow[]) =>
  windows.map(({ start, state, version, groups }) => [
    (start - T) / 1000,
    state,
    version,
    Object.fromEntries(groups.map(({ key, events }) => [key.join(), events])),
  ])

const event = (messageId: string, seconds: number, more: object = {}) => ({
  messageId,
  timestamp: T + seconds * 1000,
  ...more,
})

describe('the object of a source', () => {
  it('counts events by their time', async () => {
    const { write, windows } = startSource()
    const outcomes = await write(
      envelopeOf([event('a-1', 1), event('a-2', 9), event('a-3', 10, { event: 'y' })], {
        receivedAt: T + 11_000,
      }),
    )
    expect(outcomes).toEqual([{ kind: 'written' }])
    expect(counts(await windows())).toEqual([
      [0, 'provisional', 0, { x: 2 }],
      [10, 'provisional', 0, { y: 1 }],
    ])
  })

  it('counts a copy once, alone, in other company and after it was evicted', async () => {
    const { write, windows, stub } = startSource()
    await write(envelopeOf([event('a-1', 1), event('a-2', 2)], { receivedAt: T + 3_000 }))
    await write(envelopeOf([event('a-1', 1), event('a-2', 2)], { receivedAt: T + 3_000 }))
    await write(
      envelopeOf([event('a-2', 2), event('a-3', 3)], { receivedAt: T + 3_000 }),
      envelopeOf([event('a-3', 3), event('b-1', 4)], { receivedAt: T + 4_000 }),
    )
    await evictDurableObject(stub())
    await write(envelopeOf([event('b-1', 4), event('b-2', 4)], { receivedAt: T + 4_000 }))
    expect(counts(await windows())).toEqual([[0, 'provisional', 0, { x: 5 }]])
  })

  it('closes a window when the watermark has passed it, and corrects it after', async () => {
    const { write, windows } = startSource()
    await write(envelopeOf([event('a-1', 1)]))
    await write(envelopeOf([event('a-2', 45)]))
    expect(counts(await windows())[0]).toEqual([0, 'final', 1, { x: 1 }])
    await write(envelopeOf([event('a-3', 2)], { receivedAt: T + 46_000 }))
    await write(envelopeOf([event('a-4', 56)]))
    expect(counts(await windows())[0]).toEqual([0, 'corrected', 2, { x: 2 }])
  })

  it('leaves out what is older than it keeps, and says so', async () => {
    const { write, windows, stub } = startSource()
    await write(envelopeOf([event('a-1', 1)], { receivedAt: T + 300_000 }))
    await write(envelopeOf([event('a-2', -7200)], { receivedAt: T + 300_000 }))
    await write(envelopeOf([event('a-3', -7200)], { receivedAt: T + 300_000, route: 'import' }))
    expect(counts(await windows())).toHaveLength(1)
    const snapshot = await (await stub().fetch('https://live/windows')).json<{ health: object }>()
    expect(snapshot.health).toMatchObject({ events: 1, late: 1 })
  })

  it('writes a row a batch, and few more', async () => {
    const { write, stub } = startSource()
    await write(envelopeOf([event('a-0', 0)]))
    const before = await stub().rowsWritten()
    for (let i = 1; i <= 100; i++) await write(envelopeOf([event(`a-${i}`, i / 10)]))
    const after = await stub().rowsWritten()
    expect(after - before).toBeLessThan(110)
  })

  it('tells nothing of a window that there is not', async () => {
    const { write, stub } = startSource()
    await write(envelopeOf([event('a-1', 1)]))
    const response = await stub().fetch('https://live/windows?name=evnts')
    expect([response.status, await response.text()]).toEqual([
      404,
      'there is no window "evnts"; known: events',
    ])
  })
})
