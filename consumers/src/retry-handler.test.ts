import { describe, expect, it } from 'vitest'
import { createEffects, createEnvelopeFor, createMessage, createQueue, createSink } from './fakes.ts'
import { createRetryHandler } from './retry-handler.ts'
import { unwrapMessage, wrapMessage } from './wrapped-message.ts'

const wrapped = (id: string) =>
  wrapMessage({ sink: 'warehouse', error: 'away', messageId: id }, JSON.stringify(createEnvelopeFor(id)))

describe('the handler of retry', () => {
  it('gives the message to the sink that wants it and acknowledges it', async () => {
    const sink = createSink()
    const message = createMessage('r1', wrapped('m1'))
    await createRetryHandler({ ...createEffects(), sinks: [sink], deadQueue: createQueue() })([message])
    expect(sink.written).toEqual(['m1'])
    expect(message.fate.kind).toBe('ack')
  })

  it('waits longer after each try, up to a bound', async () => {
    const sink = createSink(() => ({ kind: 'retry', error: 'away' }))
    const batch = [1, 2, 5, 99].map((attempts) => createMessage(`r${attempts}`, wrapped('m'), attempts))
    await createRetryHandler({ ...createEffects(), sinks: [sink], deadQueue: createQueue() })(batch)
    expect(batch.map(({ fate }) => fate)).toEqual(
      [2, 4, 32, 900].map((delaySeconds) => ({ kind: 'retry', delaySeconds })),
    )
  })

  it('buries what the sink refuses for good, and what it cannot read', async () => {
    const sink = createSink(() => ({ kind: 'refused', error: 'bad row' }))
    const deadQueue = createQueue()
    const batch = [
      createMessage('r1', wrapped('m1')),
      createMessage('r2', 'no wrapper'),
      createMessage('r3', '{"version":1}\n{}'),
    ]
    await createRetryHandler({ ...createEffects(), sinks: [sink], deadQueue })(batch)
    expect(batch.map(({ fate }) => fate.kind)).toEqual(['ack', 'ack', 'ack'])
    expect(deadQueue.sent.map(({ body }) => unwrapMessage(body)?.wrapper.messageId).sort()).toEqual([
      'm1',
      'r2',
      'r3',
    ])
  })

  it.each([
    ['an envelope', wrapMessage({ sink: 'warehouse', error: 'away', messageId: 'm' }, '{"version":99}')],
    ['a sink', '{"version":1,"messageId":"m","error":"away","sink":"later"}\n{}'],
  ])('keeps %s of a newer Worker for that Worker', async (_what, body) => {
    const deadQueue = createQueue()
    const message = createMessage('r1', body, 2)
    await createRetryHandler({ ...createEffects(), sinks: [createSink()], deadQueue })([message])
    expect(message.fate).toEqual({ kind: 'retry', delaySeconds: 2 })
    expect(deadQueue.sent).toEqual([])
  })

  it('keeps a refused message when the dead letters are away', async () => {
    const sink = createSink(() => ({ kind: 'refused', error: 'bad row' }))
    const message = createMessage('r1', wrapped('m1'))
    await createRetryHandler({
      ...createEffects(),
      sinks: [sink],
      deadQueue: createQueue(new Error('away')),
    })([message])
    expect(message.fate.kind).toBe('retry')
  })
})
