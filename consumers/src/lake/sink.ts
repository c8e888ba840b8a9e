/** The lake sink: the accepted events of a queue batch become one Parquet object a source, which waits to be published. */

import type { Delivery, Outcome, Sink } from '../sink.ts'
import { groupByWeight } from '../weight.ts'
import { buildBatch } from './batch.ts'
import type { LakeBucket } from './bucket.ts'
import { putPart } from './parts.ts'

/**
 * A sink that writes `parts/source=…/<time>-<hash>.parquet`. The key is made of the content: the same deliveries together
 * write the same object again, and in other company another one, whose events are published once all the same.
 */
export function createLakeSink({ bucket }: { bucket: Pick<LakeBucket, 'put'> }): Sink {
  const writeSource = async (source: string, deliveries: readonly Delivery[]): Promise<Outcome> => {
    const envelopes = deliveries.map(({ envelope }) => envelope)
    const withEvents = envelopes.filter(({ events }) => events.length > 0)
    try {
      // Almost always one.
      for (const group of groupByWeight(withEvents)) {
        const receivedAt = Math.min(...group.map((envelope) => envelope.receivedAt))
        await putPart(bucket, source, receivedAt, buildBatch(group))
      }
      return { kind: 'written' }
    } catch (error) {
      return { kind: 'retry', error: String(error) }
    }
  }

  const write = async (deliveries: readonly Delivery[]): Promise<Outcome[]> => {
    const bySource = Map.groupBy(deliveries, ({ envelope }) => envelope.source)
    const outcomes = new Map<string, Outcome>()
    // One after the other: each is encoded in memory.
    for (const [source, some] of bySource) outcomes.set(source, await writeSource(source, some))
    return deliveries.map(
      ({ envelope }) => outcomes.get(envelope.source) ?? { kind: 'retry', error: 'no outcome' },
    )
  }

  return { name: 'lake', write }
}
