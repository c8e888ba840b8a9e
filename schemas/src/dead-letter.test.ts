import { describe, expect, it } from 'vitest'
import {
  countLetterEvents,
  deadLetterKey,
  deadPartsPrefix,
  isDeadLetterKey,
  kindOfLetter,
  openDeadLetter,
  parseDeadPartKey,
} from './dead-letter.ts'
import { wrapMessage } from './wrapped-message.ts'

const ENVELOPE =
  '{"version":2,"part":0,"source":"shop","receivedAt":1,"events":[{},{}],"quarantined":[{}],"omitted":[{}]}'
const NEWER = '{"version":3}'
const wrapper = { error: 'away', messageId: 'm' }

describe('the key of a dead letter', () => {
  it('is told from others', () => {
    const key = deadLetterKey(new Date('2026-11-21T23:59:59Z'), 'abc')
    expect([key, isDeadLetterKey(key)]).toEqual(['dead/2026-11-21/abc.json', true])
    for (const other of [
      'dead/',
      'dead/2026-11-21/',
      'dead/2026-11-21/a/b.json',
      'spill/2026-11-21/a.json',
    ]) {
      expect(isDeadLetterKey(other)).toBe(false)
    }
  })

  it('of a part says where the part was', () => {
    const key = `${deadPartsPrefix('shop')}1795330800000-ab.parquet`
    expect(parseDeadPartKey(key)).toEqual({
      partKey: 'parts/source=shop/1795330800000-ab.parquet',
      source: 'shop',
    })
  })

  it.each([
    'dead/2026-11-21/abc.json',
    'dead/parts/source=shop/x.parquet',
    'dead/parts/source=../1795330800000-ab.parquet',
    'parts/source=shop/1795330800000-ab.parquet',
  ])('is not that of a part: %s', (key) => {
    expect(parseDeadPartKey(key)).toBeUndefined()
  })
})

describe('a dead letter', () => {
  it.each([
    [
      'sent by a handler',
      wrapMessage({ ...wrapper, sink: 'warehouse', kind: 'refused' }, ENVELOPE),
      'refused',
      3,
    ],
    ['moved by the platform from events', ENVELOPE, 'out_of_tries', 3],
    ['of an earlier Worker', wrapMessage({ ...wrapper, sink: 'warehouse' }, ENVELOPE), undefined, 3],
    [
      'of a kind that a newer Worker has',
      wrapMessage(wrapper, ENVELOPE).replace('"error"', '"kind":"x","error"'),
      undefined,
      3,
    ],
    ['with an envelope of a newer Worker', NEWER, 'out_of_tries', undefined],
    ['that is none', 'garbage', 'unreadable', undefined],
  ])('%s tells why it died and how many events it has', (_, text, kind, count) => {
    const opened = openDeadLetter(text)
    expect([kindOfLetter(opened), countLetterEvents(opened)]).toEqual([kind, count])
  })

  it('gives the message as it was', () => {
    expect(openDeadLetter(wrapMessage(wrapper, ENVELOPE)).body).toBe(ENVELOPE)
    expect(openDeadLetter(ENVELOPE).body).toBe(ENVELOPE)
  })
})
