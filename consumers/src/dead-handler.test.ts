import { env } from 'cloudflare:workers'
import { deadLetterKey, wrapMessage } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createDeadHandler } from './dead-handler.ts'
import { createEffects, createEnvelopeFor, createMessage } from './fakes.ts'

describe('the handler of dead', () => {
  it('archives a message to R2 as it was, with the reason, and once however often it is delivered', async () => {
    const envelope = JSON.stringify(createEnvelopeFor('e1'))
    const body = wrapMessage(
      { sink: 'warehouse', kind: 'refused', error: 'bad row: ü', messageId: 'm1' },
      envelope,
    )
    const handler = createDeadHandler({ ...createEffects(), bucket: env.LAKE })
    const first = createMessage('d1', body)
    const again = createMessage('d1', body, 2)
    await handler([first])
    await handler([again])
    const { objects } = await env.LAKE.list({ prefix: 'dead/' })
    expect(objects.map(({ key }) => key)).toEqual(['dead/2026-11-21/d1.json'])
    const object = await env.LAKE.get(deadLetterKey(first.timestamp, 'd1'))
    expect(await object?.text()).toBe(body)
    expect(object?.customMetadata).toEqual({
      messageId: 'm1',
      sink: 'warehouse',
      error: 'bad row: ?',
      kind: 'refused',
      source: 'shop',
      events: '1',
      accepted: '1',
      takenAt: '1000',
    })
    expect([first.fate.kind, again.fate.kind]).toEqual(['ack', 'ack'])
  })

  it('archives what nobody can read, without a source', async () => {
    const message = createMessage('d3', { not: 'text' })
    await createDeadHandler({ ...createEffects(), bucket: env.LAKE })([message])
    const object = await env.LAKE.get(deadLetterKey(message.timestamp, 'd3'))
    expect(await object?.text()).toBe('{"not":"text"}')
    expect(object?.customMetadata).toEqual({
      messageId: 'd3',
      sink: '',
      error: 'out of tries',
      kind: 'unreadable',
    })
  })

  it('keeps a message when R2 is away', async () => {
    const bucket = { put: () => Promise.reject(new Error('away')) }
    const message = createMessage('d2', 'raw', 1)
    const effects = createEffects()
    await createDeadHandler({ ...effects, bucket })([message])
    expect(message.fate.kind).toBe('retry')
    expect(effects.logged).toMatchObject([{ level: 'error', event: 'dead_letter_failed' }])
  })
})
