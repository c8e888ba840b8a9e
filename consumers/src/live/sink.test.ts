import type { WindowDefinition } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { decodeChange } from './change.ts'
import { decodeIds, type PackedId } from './event-ids.ts'
import { deliveriesOf, envelopeOf, planOf } from './live-fakes.ts'
import { MAX_CHANGE_BYTES } from './live-storage.ts'
import type { ApplyReply, ApplyRequest, Watch } from './rpc.ts'
import { createLiveSink, createLiveSinkMemory } from './sink.ts'

const T = 1_700_000_400_000
const WINDOWS: WindowDefinition[] = [
  {
    name: 'events',
    by: ['event'],
    window: { kind: 'tumbling', size: '10s' },
    measures: { count: { kind: 'count' } },
  },
]

const event = (messageId: string, timestamp = T, more: object = {}) => ({ messageId, timestamp, ...more })
const textOf = ({ high, low, bit }: PackedId) => `${high} ${low} ${bit}`

/** An object that knows ids and a floor, as the real one does, and misbehaves as a test wants. */
function createObject({ floor = 0, watches = [] as Watch[] } = {}) {
  const known = new Set<string>()
  const requests: ApplyRequest[] = []
  const object = {
    async show() {},
    known,
    requests,
    floor,
    events: 0,
    late: 0,
    before: undefined as ((request: ApplyRequest) => void) | undefined,
    async apply(request: ApplyRequest): Promise<ApplyReply> {
      requests.push(request)
      object.before?.(request)
      const texts = decodeIds(request.ids).map(textOf)
      const hints = { floor: object.floor, watches }
      const places = texts.flatMap((text, index) => (known.has(text) ? [index] : []))
      if (places.length > 0 || (request.earliest !== null && request.earliest < object.floor))
        return { kind: 'again', known: places, ...hints }
      for (const text of texts) known.add(text)
      const change = decodeChange(request.change, () => undefined)
      object.events += change.events
      object.late += change.late
      return { kind: 'applied', ...hints }
    },
  }
  return object
}

function sinkTo(object: Pick<ReturnType<typeof createObject>, 'apply' | 'show'>) {
  const memory = createLiveSinkMemory()
  const sink = createLiveSink({ objectOf: () => object, planOf: () => planOf(WINDOWS), memory })
  return {
    memory,
    write: (...envelopes: ReturnType<typeof envelopeOf>[]) => sink.write(deliveriesOf(...envelopes)),
  }
}

const WRITTEN = { kind: 'written' }

describe('live sink', () => {
  it('makes one call a source, however many deliveries there are', async () => {
    const calls: string[] = []
    const object = createObject()
    const sink = createLiveSink({
      objectOf(source) {
        calls.push(source)
        return object
      },
      planOf: () => planOf(WINDOWS),
      memory: createLiveSinkMemory(),
    })
    const envelopes = Array.from({ length: 10 }, (_, i) =>
      envelopeOf([event(`e-${i}`)], { source: `s${i % 2}` }),
    )
    expect(await sink.write(deliveriesOf(...envelopes))).toEqual(envelopes.map(() => WRITTEN))
    expect(calls.sort()).toEqual(['s0', 's1'])
  })

  it('has nothing to say of no deliveries, and of copies alone', async () => {
    const object = createObject()
    const { write } = sinkTo(object)
    expect(await write()).toEqual([])
    expect(object.requests).toEqual([])
    await write(envelopeOf([event('a')]))
    expect(await write(envelopeOf([event('a')]))).toEqual([WRITTEN])
    expect([object.events, object.requests.length]).toEqual([1, 2])
  })

  it('leaves out what is counted already, and what is late by then', async () => {
    const object = createObject()
    const { write } = sinkTo(object)
    await write(envelopeOf([event('a'), event('b')]))
    object.floor = T
    await write(envelopeOf([event('b'), event('c'), event('late', T - 1)], { receivedAt: T }))
    expect([object.events, object.late, object.requests.length]).toEqual([3, 1, 3])
    // The floor is known by now.
    await write(envelopeOf([event('later', T - 1)], { receivedAt: T }))
    expect([object.late, object.requests.length]).toEqual([2, 4])
  })

  it('counts once what two batches bring at the same time', async () => {
    const object = createObject()
    const [one, two] = [sinkTo(object), sinkTo(object)]
    const batch = (...ids: string[]) => envelopeOf(ids.map((id) => event(id)))
    await Promise.all([
      one.write(batch('a', 'b', 'c'), batch('d')),
      two.write(batch('b'), batch('c', 'd', 'e')),
      one.write(batch('e', 'f', 'a')),
    ])
    expect(object.events).toBe(6)
  })

  it('gives up when every look finds another batch before it, and may be tried again', async () => {
    const object = createObject()
    object.before = ({ ids }) => {
      const [first] = decodeIds(ids)
      if (first !== undefined && object.requests.length <= 5) object.known.add(textOf(first))
    }
    const { write } = sinkTo(object)
    const envelope = envelopeOf(Array.from({ length: 20 }, (_, i) => event(`e ${i}`)))
    expect(await write(envelope)).toMatchObject([{ kind: 'retry' }])
    expect(await write(envelope)).toEqual([WRITTEN])
    expect(object.events).toBe(15)
  })

  it('cuts what is too large, and counts all of it once', async () => {
    const object = createObject()
    const { write } = sinkTo(object)
    const envelopes = Array.from({ length: 100 }, (_, k) =>
      envelopeOf(
        Array.from({ length: 100 }, (_, i) =>
          event(`${k} ${i}`, T, { event: `${k} ${i} ${'n'.repeat(190)}` }),
        ),
      ),
    )
    expect((await write(...envelopes)).every(({ kind }) => kind === 'written')).toBe(true)
    expect(object.events).toBe(10_000)
    expect(object.requests.length).toBeGreaterThan(1)
    expect(Math.max(...object.requests.map(({ change }) => change.length))).toBeLessThanOrEqual(
      MAX_CHANGE_BYTES,
    )
    await write(...envelopes.reverse())
    expect(object.events).toBe(10_000)
  })

  it('goes on where it was when the object failed between two parts', async () => {
    const object = createObject()
    object.before = () => {
      if (object.requests.length === 2) throw new Error('reset')
    }
    const { write } = sinkTo(object)
    const envelopes = Array.from({ length: 100 }, (_, k) =>
      envelopeOf(
        Array.from({ length: 100 }, (_, i) =>
          event(`${k} ${i}`, T, { event: `${k} ${i} ${'n'.repeat(190)}` }),
        ),
      ),
    )
    expect((await write(...envelopes))[0]).toEqual({
      kind: 'retry',
      error: 'Error: reset',
      isPressure: false,
    })
    await write(...envelopes)
    expect(object.events).toBe(10_000)
  })

  it('fails one source without the others, and says when it is too much', async () => {
    const overloaded = Object.assign(new Error('slow down'), { overloaded: true })
    const object = createObject()
    const sink = createLiveSink({
      objectOf: (source) =>
        source === 'busy' ? { ...object, apply: () => Promise.reject(overloaded) } : object,
      planOf: () => planOf(WINDOWS),
      memory: createLiveSinkMemory(),
    })
    const outcomes = await sink.write(
      deliveriesOf(
        envelopeOf([event('a')], { source: 'busy' }),
        envelopeOf([event('b')], { source: 'fine' }),
      ),
    )
    expect(outcomes).toEqual([{ kind: 'retry', error: 'Error: slow down', isPressure: true }, WRITTEN])
  })

  it('takes a new stub for each call', async () => {
    let stubs = 0
    const object = createObject()
    const sink = createLiveSink({
      objectOf() {
        stubs += 1
        return object
      },
      planOf: () => planOf(WINDOWS),
      memory: createLiveSinkMemory(),
    })
    await sink.write(deliveriesOf(envelopeOf([event('a')])))
    await sink.write(deliveriesOf(envelopeOf([event('a'), event('b')])))
    expect(stubs).toBe(object.requests.length)
  })

  it('sends events that are watched, as it was told last', async () => {
    const object = createObject({ watches: [{ filters: ['event:is:y'] }] })
    const { write } = sinkTo(object)
    const batch = (name: string) =>
      envelopeOf([
        event(`${name} wanted`, T, { event: 'y' }),
        ...Array.from({ length: 40 }, (_, i) => event(`${name} ${i}`)),
      ])
    // Before it was told, only the last few are sent.
    await write(batch('a'))
    await write(batch('b'))
    const isSent = object.requests.map(({ events }) =>
      events.some(({ messageId }) => messageId.endsWith('wanted')),
    )
    expect(isSent).toEqual([false, true])
    expect(Math.max(...object.requests.map(({ events }) => events.length))).toBeLessThan(40)
  })
})
