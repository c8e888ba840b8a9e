import { unwrapMessage, wrapMessage } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { TRIES_A_ROUND } from './delivery.ts'
import {
  createEffects,
  createEnvelopeFor,
  createMessage,
  createQueue,
  createSink,
  type FakeMessage,
} from './fakes.ts'
import { createRetryHandler } from './retry-handler.ts'
import type { Sink } from './sink.ts'

declare global {
  interface ImportMeta {
    /** Vite's: files by their path. */
    glob: (
      pattern: string,
      options: { query: '?raw'; import: 'default'; eager: true },
    ) => Record<string, string>
  }
}

const wrapped = (id: string) =>
  wrapMessage({ sink: 'warehouse', error: 'away', messageId: id }, JSON.stringify(createEnvelopeFor(id)))

describe('the handler of retry', () => {
  it('gives the message to the sink that wants it and acknowledges it', async () => {
    const sink = createSink()
    const message = createMessage('r1', wrapped('m1'))
    await createRetryHandler({
      ...createEffects(),
      sinks: [sink],
      retryQueue: createQueue(),
      deadQueue: createQueue(),
    })([message])
    expect(sink.written).toEqual(['m1'])
    expect(message.fate.kind).toBe('ack')
  })

  it('waits longer after each try, up to a bound', async () => {
    const sink = createSink(() => ({ kind: 'retry', error: 'away' }))
    const batch = [1, 2, 5, 89].map((attempts) => createMessage(`r${attempts}`, wrapped('m'), attempts))
    await createRetryHandler({
      ...createEffects(),
      sinks: [sink],
      retryQueue: createQueue(),
      deadQueue: createQueue(),
    })(batch)
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
    await createRetryHandler({ ...createEffects(), sinks: [sink], retryQueue: createQueue(), deadQueue })(
      batch,
    )
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
    await createRetryHandler({
      ...createEffects(),
      sinks: [createSink()],
      retryQueue: createQueue(),
      deadQueue,
    })([message])
    expect(message.fate).toEqual({ kind: 'retry', delaySeconds: 2 })
    expect(deadQueue.sent).toEqual([])
  })

  it('keeps a refused message when the dead letters are away', async () => {
    const sink = createSink(() => ({ kind: 'refused', error: 'bad row' }))
    const message = createMessage('r1', wrapped('m1'))
    await createRetryHandler({
      ...createEffects(),
      sinks: [sink],
      retryQueue: createQueue(),
      deadQueue: createQueue(new Error('away')),
    })([message])
    expect(message.fate.kind).toBe('retry')
  })
})

describe('a message that is near its last try', () => {
  const full = () => createSink(() => ({ kind: 'retry', error: 'Too many parts', isPressure: true }))
  const away = () => createSink(() => ({ kind: 'retry', error: 'fetch failed' }))
  const tired = (rounds: number, attempts = TRIES_A_ROUND) => {
    const wrapper = { sink: 'warehouse' as const, error: 'e', messageId: 'm1', rounds }
    return createMessage('r1', wrapMessage(wrapper, JSON.stringify(createEnvelopeFor('m1'))), attempts)
  }
  const handle = async (message: FakeMessage, sink: Sink, retryQueue = createQueue()) => {
    const [deadQueue, effects] = [createQueue(), createEffects()]
    await createRetryHandler({ ...effects, sinks: [sink], retryQueue, deadQueue })([message])
    return { fate: message.fate, sent: retryQueue.sent, dead: deadQueue.sent, logged: effects.logged }
  }

  it('is still under the tries that wrangler.toml gives it, with room for a queue that is away', () => {
    const [toml = ''] = Object.values(
      import.meta.glob('../../wrangler.toml', { query: '?raw', import: 'default', eager: true }),
    )
    const consumer = toml.split('[[').find((part) => /queues.consumers.*"millrace-retry"/s.test(part))
    expect(Number(/max_retries = (\d+)/.exec(consumer ?? '')?.[1])).toBeGreaterThanOrEqual(TRIES_A_ROUND + 10)
  })

  it.each([0, 1, 7, 1_000])(
    'is sent anew under pressure, and acknowledged, after %d rounds too',
    async (rounds) => {
      const { fate, sent, dead, logged } = await handle(tired(rounds), full())
      expect([fate, dead]).toEqual([{ kind: 'ack' }, []])
      expect(sent.map(({ body, delaySeconds }) => [unwrapMessage(body), delaySeconds])).toEqual([
        [
          {
            wrapper: {
              version: 1,
              sink: 'warehouse',
              error: 'Too many parts',
              messageId: 'm1',
              rounds: rounds + 1,
            },
            body: JSON.stringify(createEnvelopeFor('m1')),
          },
          900,
        ],
      ])
      expect(logged).toMatchObject([
        { level: 'error', event: 'sink_pressure', attempts: (rounds + 1) * TRIES_A_ROUND },
      ])
    },
  )

  it('waits as long between its tries as before, once it is sent anew', async () => {
    expect((await handle(tired(1, 1), away())).fate).toEqual({ kind: 'retry', delaySeconds: 900 })
  })

  it('is buried after a week of trouble that is no pressure', async () => {
    expect((await handle(tired(6), away())).sent).toHaveLength(1)
    const { fate, sent, dead } = await handle(tired(7), away())
    expect([fate, sent]).toEqual([{ kind: 'ack' }, []])
    expect(dead.map(({ body }) => unwrapMessage(body)?.wrapper)).toMatchObject([
      { sink: 'warehouse', error: 'fetch failed', messageId: 'm1' },
    ])
  })

  it('is kept when it cannot be sent anew', async () => {
    const { fate, logged } = await handle(tired(0), full(), createQueue(new Error('queue is away')))
    expect(fate).toEqual({ kind: 'retry', delaySeconds: 900 })
    expect(logged).toMatchObject([{ event: 'retry_queue_failed' }, { event: 'sink_pressure' }])
  })

  it('leaves the sink alone for longer at first when it is under pressure', async () => {
    const delays = await Promise.all(
      [1, 2, 3].map(async (attempts) => (await handle(tired(0, attempts), full())).fate),
    )
    expect(delays).toEqual([32, 64, 128].map((delaySeconds) => ({ kind: 'retry', delaySeconds })))
  })
})
