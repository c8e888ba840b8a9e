/** The lake sink: the accepted events of a queue batch become one Parquet object a source, which waits to be published. */

import type { Envelope } from '@millrace/schemas'
import { encodeLakeFile, partKey } from '@millrace/schemas/lake'
import type { Delivery, Outcome, Sink } from '../sink.ts'
import { groupByWeight } from '../weight.ts'
import { buildBatch } from './batch.ts'
import type { LakeBucket } from './bucket.ts'
import { sortById } from './merge.ts'

/** Hex digits of the content's SHA-256 in the key of a part. */
const HASH_DIGITS = 32

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
      for (const group of groupByWeight(withEvents)) await putPart(bucket, source, group)
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

/** Writes a part; how many rows it has is told beside it, so that nobody opens it to know. */
async function putPart(
  bucket: Pick<LakeBucket, 'put'>,
  source: string,
  envelopes: readonly Envelope[],
): Promise<void> {
  const batch = buildBatch(envelopes)
  const receivedAt = Math.min(...envelopes.map((envelope) => envelope.receivedAt))
  const content = encodeLakeFile(sortById(batch))
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', content))
  const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const key = partKey(source, receivedAt, sha256.slice(0, HASH_DIGITS))
  await bucket.put(key, content, { sha256, customMetadata: { rows: String(batch.count) } })
}
