import type { Envelope, OmittedEvent, QuarantinedEvent } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createEnvelopeFor } from './fakes.ts'
import { buildEventRows, buildOmittedRows, buildQuarantineRows } from './rows/rows.ts'
import { groupByWeight } from './weight.ts'

const refused: Omit<QuarantinedEvent, 'messageId'> = {
  index: 0,
  reason: 'unknown_type',
  path: 'type',
  message: 'm',
  raw: '{}',
  rawBytes: 2,
}
const left: OmittedEvent = { messageId: 'o', index: 0, status: 'filtered', reason: 'bot' }

/** A batch with `length` units of shared context. */
function createBatch(eventCount: number, quarantinedCount: number, length: number): Envelope {
  const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
  return {
    ...createEnvelopeFor('x'),
    previous: { stream: 'old', lastSeq: 9 },
    context: { fill: 'x'.repeat(length - '{"fill":""}'.length) },
    events: ids('e', eventCount).flatMap((id) => createEnvelopeFor(id).events),
    quarantined: ids('q', quarantinedCount).map((messageId) => ({ ...refused, messageId })),
    omitted: [left],
  }
}

const rowsOf = (envelopes: Envelope[]) => [
  envelopes.flatMap(buildEventRows),
  envelopes.flatMap(buildQuarantineRows),
  envelopes.flatMap(buildOmittedRows),
]

describe('groupByWeight', () => {
  it('leaves a usual batch whole', () => {
    const envelopes = [createBatch(10, 2, 300), createEnvelopeFor('a')]
    expect(groupByWeight(envelopes)).toEqual([envelopes])
  })

  it.each([
    ['heavy together', [createBatch(3, 1, 100), createBatch(2, 3, 100)], 2, 500],
    ['heavy alone', [createBatch(11, 0, 100)], 3, 500],
    ['heavy by what is refused', [createBatch(0, 11, 100)], 3, 500],
    ['of one row over the limit', [createBatch(2, 1, 900)], 4, 900],
  ])('cuts batches %s without a change to any row', (_what, envelopes, groupCount, heaviest) => {
    const groups = groupByWeight(envelopes, 500)
    expect(groups.length).toBe(groupCount)
    expect(rowsOf(groups.flat())).toEqual(rowsOf(envelopes))
    const weights = groups.map((group) =>
      group.reduce(
        (sum, { context, events, quarantined }) =>
          sum + JSON.stringify(context).length * (events.length + quarantined.length),
        0,
      ),
    )
    expect(Math.max(...weights)).toBeLessThanOrEqual(heaviest)
  })
})
