import { createSampledLog, traceOf } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { deliveriesOf, envelopeOf } from './live/live-fakes.ts'
import { withOutcomeLog } from './log-outcomes.ts'
import type { Outcome, Sink } from './sink.ts'

function start(outcomes: Outcome[], sampleRate = 1) {
  const lines: Record<string, unknown>[] = []
  let now = 0
  const sink: Sink = {
    name: 'lake',
    write: async () => {
      now += 40
      return outcomes
    },
  }
  const logSampled = createSampledLog((record) => void lines.push(record), { sampleRate })
  return { sink: withOutcomeLog(sink, { logSampled, now: () => now }), lines }
}
const envelope = envelopeOf([{ messageId: 'a-1', timestamp: 1, properties: { email: 'me@example.com' } }], {
  userAgent: 'Browser of somebody',
})

describe('what a sink wrote', () => {
  it('is one line an envelope, of counts and without what is in it', async () => {
    const { sink, lines } = start([{ kind: 'written' }])
    expect(await sink.write(deliveriesOf(envelope))).toEqual([{ kind: 'written' }])
    expect(lines).toEqual([
      {
        ...{ level: 'info', event: 'envelope_written', sink: 'lake', source: 'shop', route: 'batch' },
        ...{ messageId: 'm0', part: 0, events: 1, quarantined: 0, omitted: 0, ms: 40 },
        trace: traceOf('batch of a-1'),
      },
    ])
  })

  it('is said of what was written alone, and of nothing at the rate 0', async () => {
    const failed = start([{ kind: 'retry', error: 'away' }])
    await failed.sink.write(deliveriesOf(envelope))
    expect(failed.lines).toEqual([])
    const silent = start([{ kind: 'written' }], 0)
    await silent.sink.write(deliveriesOf(envelope))
    expect(silent.lines).toEqual([])
  })
})
