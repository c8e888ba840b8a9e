import { DROP_REASONS, ENVELOPE_VERSION, type Envelope, type JsonObject } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { dropColumns } from './receipt-drops.ts'

function build(given: Pick<Envelope, 'events'> & Partial<Envelope>): Envelope {
  return {
    ...{ version: ENVELOPE_VERSION, part: 0, route: 'batch', batchId: 'b', source: 'shop', receivedAt: 7 },
    ...{ quarantined: [], omitted: [], stream: 'st' },
    ...given,
  }
}

const telling = (messageId: string, dropped: JsonObject | string): Envelope['events'][number] => ({
  ...{ messageId, type: 'track', event: 'x', timestamp: 5, context: { dropped } },
})

const refused = (messageId: string, raw: string) => ({
  ...{ messageId, index: 0, reason: 'invalid_field' as const, path: '', message: '' },
  ...{ raw, rawBytes: raw.length },
})

describe('what clients say they dropped', () => {
  it('is told by refused events too; what is no count is left out', () => {
    const dropped = { queue_full: 3, expired: 'many', refused: -1, closed: 0 }
    const events = [telling('a', dropped), telling('b', 'all')]
    const quarantined = [
      refused('c', '{"context":{"dropped":{"expired":2}}}'),
      refused('d', '{"context":{"dropped":'),
    ]
    expect(dropColumns(build({ events, quarantined }))).toEqual({
      ...{ drop_ids: ['a', 'c'], drop_reasons: ['queue_full', 'expired'], drop_counts: [3, 2] },
    })
  })

  it('has the reasons of our SDKs, and calls all others together `other`', () => {
    const known = Object.fromEntries(DROP_REASONS.map((reason, index) => [reason, index + 1]))
    const made = Object.fromEntries(Array.from({ length: 2_800 }, (_, index) => [`made_${index}`, 2]))
    const odd = { '': 1, 'Queue Full': 1, ['x'.repeat(5_000)]: 1, constructor: 1, other: 1 }
    const row = dropColumns(
      build({ events: [telling('a', { ...made, ...known, ...odd }), telling('b', made)] }),
    )
    expect(row['drop_ids']).toEqual(['a', ...DROP_REASONS.map(() => 'a'), 'b'])
    expect(row['drop_reasons']).toEqual(['other', ...DROP_REASONS, 'other'])
    expect(row['drop_counts']).toEqual([5_605, ...DROP_REASONS.map((_, index) => index + 1), 5_600])
  })

  it('adds up to no more than the column holds', () => {
    const dropped = { one: 2 ** 32 - 1, two: 2 ** 32 - 1 }
    expect(dropColumns(build({ events: [telling('a', dropped)] }))).toMatchObject({
      drop_counts: [2 ** 32 - 1],
    })
  })
})
