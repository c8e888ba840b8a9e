import { describe, expect, it } from 'vitest'
import { byteLength, MAX_ENVELOPE_BYTES, QUEUE_MESSAGE_BYTES } from './envelope.ts'
import { unwrapMessage, wrapMessage } from './wrapped-message.ts'

describe('a wrapped message', () => {
  it('gives back what was wrapped, line ends and all', () => {
    const body = '{"a":"x\\ny"}\n{"b":1}'
    expect(unwrapMessage(wrapMessage({ sink: 'warehouse', error: 'away', messageId: 'm' }, body))).toEqual({
      wrapper: { version: 1, sink: 'warehouse', error: 'away', messageId: 'm' },
      body,
    })
  })

  it('of the largest envelope and the worst error text still fits a queue message', () => {
    const text = wrapMessage(
      { sink: 'warehouse', kind: 'out_of_tries', error: '\u0000'.repeat(10_000), messageId: 'm'.repeat(64) },
      'x'.repeat(MAX_ENVELOPE_BYTES),
    )
    expect(byteLength(text)).toBeLessThanOrEqual(QUEUE_MESSAGE_BYTES)
  })

  it.each([
    '',
    'x',
    'x\ny',
    '{}\ny',
    '{"version":2,"messageId":"m","error":""}\ny',
    '{"version":1,"messageId":"m","error":"","sink":5}\ny',
    '{"version":1,"messageId":"m","error":"","kind":{}}\ny',
    5,
    null,
  ])('is not %j', (input) => {
    expect(unwrapMessage(input)).toBeUndefined()
  })
})
