/** Says in the log what became of envelopes in a sink: of those batches that are sampled, and the same ones in every sink. */

import type { SampledLog } from '@millrace/schemas'
import type { Delivery, Sink } from './sink.ts'

/** What it takes. */
export interface OutcomeLogEffects {
  logSampled: SampledLog
  /** Milliseconds. */
  now: () => number
}

/**
 * The sink with one line an envelope that it wrote. What failed is not told here: whoever decides what comes of it says so,
 * always.
 */
export function withOutcomeLog(sink: Sink, { logSampled, now }: OutcomeLogEffects): Sink {
  return {
    ...sink,
    async write(deliveries: readonly Delivery[]) {
      const startedAt = now()
      const outcomes = await sink.write(deliveries)
      const ms = now() - startedAt
      deliveries.forEach(({ messageId, envelope }, place) => {
        if (outcomes[place]?.kind !== 'written') return
        const { source, batchId, route, part, events, quarantined, omitted } = envelope
        logSampled(batchId, {
          ...{ level: 'info', event: 'envelope_written', sink: sink.name, source, route, messageId, part },
          ...{ events: events.length, quarantined: quarantined.length, omitted: omitted.length, ms },
        })
      })
      return outcomes
    },
  }
}
