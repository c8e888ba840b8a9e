import { unwrapMessage } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createEventsHandler } from './events-handler.ts'
import { createEffects, createEnvelopeFor, createMessage, createQueue, createSink } from './fakes.ts'
import type { Outcome } from './sink.ts'

const text = (id: string) => JSON.stringify(createEnvelopeFor(id))
const messages = () => [createMessage('m1', text('a')), createMessage('m2', text('b'))]
const failOne: (delivery: { messageId: string }) => Outcome = ({ messageId }) =>
  messageId === 'm1' ? { kind: 'retry', error: 'away' } : { kind: 'written' }

describe('the handler of events', () => {
  it('acknowledges what every sink has', async () => {
    const sink = createSink()
    const retryQueue = createQueue()
    const batch = messages()
    await createEventsHandler({ ...createEffects(), sinks: [sink], retryQueue, deadQueue: createQueue() })(
      batch,
    )
    expect(batch.map(({ fate }) => fate.kind)).toEqual(['ack', 'ack'])
    expect(sink.written).toEqual(['m1', 'm2'])
    expect(retryQueue.sent).toEqual([])
  })

  it('sends the message of a failed sink to retry, whole and with the name of the sink, and acknowledges it', async () => {
    const retryQueue = createQueue()
    const batch = messages()
    await createEventsHandler({
      ...createEffects(),
      sinks: [createSink(failOne)],
      retryQueue,
      deadQueue: createQueue(),
    })(batch)
    expect(batch.map(({ fate }) => fate.kind)).toEqual(['ack', 'ack'])
    expect(retryQueue.sent.map(({ body }) => unwrapMessage(body))).toEqual([
      { wrapper: { version: 1, sink: 'warehouse', error: 'away', messageId: 'm1' }, body: text('a') },
    ])
    expect(retryQueue.sent[0]?.delaySeconds).toBeGreaterThanOrEqual(1)
  })

  it('leaves a sink under pressure alone for longer', async () => {
    const [retryQueue, effects] = [createQueue(), createEffects()]
    const sink = createSink(() => ({ kind: 'retry', error: 'Too many parts', isPressure: true }))
    const deps = { ...effects, sinks: [sink], retryQueue, deadQueue: createQueue() }
    await createEventsHandler(deps)([createMessage('m1', text('a'))])
    expect(retryQueue.sent.map(({ delaySeconds }) => delaySeconds)).toEqual([16])
    expect(effects.logged).toMatchObject([{ event: 'sink_pressure', sink: 'warehouse', messageId: 'm1' }])
  })

  it('retries the message itself when the retry queue is away, and only that one', async () => {
    const batch = messages()
    const retryQueue = createQueue(new Error('queue is away'))
    await createEventsHandler({
      ...createEffects(),
      sinks: [createSink(failOne)],
      retryQueue,
      deadQueue: createQueue(),
    })(batch)
    expect(batch.map(({ fate }) => fate.kind)).toEqual(['retry', 'ack'])
  })

  it.each([
    ['throws', () => Promise.reject(new Error('boom'))],
    ['hangs', () => new Promise<Outcome[]>(() => {})],
    ['forgets an outcome', async (): Promise<Outcome[]> => [{ kind: 'written' }]],
  ])('loses nothing when a sink %s', async (_what, write) => {
    const retryQueue = createQueue()
    const batch = messages()
    const sinks = [{ name: 'warehouse' as const, write }]
    await createEventsHandler({
      ...createEffects(),
      sinks,
      retryQueue,
      deadQueue: createQueue(),
      sinkTimeoutMs: 20,
    })(batch)
    expect(retryQueue.sent.length).toBe(2)
    expect(batch.map(({ fate }) => fate.kind)).toEqual(['ack', 'ack'])
  })

  it('sends what a sink refuses for good, and what cannot be read, to the dead letters', async () => {
    const deadQueue = createQueue()
    const batch = [
      createMessage('m1', text('a')),
      createMessage('m2', '{"version":0}'),
      createMessage('m3', { not: 'text' }),
    ]
    const sink = createSink(() => ({ kind: 'refused', error: 'bad row' }))
    await createEventsHandler({ ...createEffects(), sinks: [sink], retryQueue: createQueue(), deadQueue })(
      batch,
    )
    expect(batch.map(({ fate }) => fate.kind)).toEqual(['ack', 'ack', 'ack'])
    const buried = deadQueue.sent.map(({ body }) => unwrapMessage(body)?.wrapper)
    expect(buried.map((wrapper) => wrapper?.messageId).sort()).toEqual(['m1', 'm2', 'm3'])
    expect(buried.find((wrapper) => wrapper?.messageId === 'm1')).toMatchObject({
      sink: 'warehouse',
      error: 'bad row',
    })
  })

  it('keeps the envelope of a newer Worker for that Worker, and writes the others', async () => {
    const deadQueue = createQueue()
    const sink = createSink()
    const effects = createEffects()
    const batch = [createMessage('m1', '{"version":99}', 3), createMessage('m2', text('b'))]
    await createEventsHandler({ ...effects, sinks: [sink], retryQueue: createQueue(), deadQueue })(batch)
    expect(batch.map(({ fate }) => fate)).toEqual([{ kind: 'retry', delaySeconds: 4 }, { kind: 'ack' }])
    expect([sink.written, deadQueue.sent]).toEqual([['m2'], []])
    expect(effects.logged).toMatchObject([{ event: 'newer_message', messageId: 'm1' }])
  })

  it('keeps what cannot be read when the dead letters are away too', async () => {
    const batch = [createMessage('m1', '{', 3)]
    const deadQueue = createQueue(new Error('away'))
    await createEventsHandler({
      ...createEffects(),
      sinks: [createSink()],
      retryQueue: createQueue(),
      deadQueue,
    })(batch)
    expect(batch[0]?.fate).toEqual({ kind: 'retry', delaySeconds: 4 })
  })

  it('retries a message itself when the queue of retries hangs', async () => {
    const retryQueue = { send: () => new Promise<never>(() => {}) }
    const [first, second] = messages()
    if (first === undefined || second === undefined) throw new Error('there are two')
    const deps = { ...createEffects(), sinks: [createSink(failOne)], retryQueue, deadQueue: createQueue() }
    await createEventsHandler({ ...deps, sendTimeoutMs: 5 })([first, second])
    expect([first.fate.kind, second.fate.kind]).toEqual(['retry', 'ack'])
  })
})
