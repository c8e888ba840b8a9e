/** The quarantine sink: a copy of every refused event in R2, which outlives the warehouse and needs none to be read. */

import type { Delivery, Outcome, Sink } from '../sink.ts'
import { buildQuarantineTexts } from './lines.ts'

/** What the sink needs of an R2 bucket. */
export interface QuarantineBucket {
  put: (key: string, value: string) => Promise<unknown>
}

/** Deliveries that are written at once. A Worker has six connections, and the other sinks want theirs. */
const MAX_CONCURRENT = 3

/** Hex digits of the content's SHA-256 that the key has: 128 bits, which nobody can meet on purpose. */
const HASH_DIGITS = 32

/** A sink that writes one object a delivery with refused events, and does nothing for any other. */
export function createQuarantineSink({ bucket }: { bucket: QuarantineBucket }): Sink {
  const writeOne = async ({ envelope }: Delivery): Promise<Outcome> => {
    try {
      for (const text of buildQuarantineTexts(envelope)) {
        await bucket.put(await quarantineKey(envelope.source, envelope.receivedAt, text), text)
      }
      return { kind: 'written' }
    } catch (error) {
      return { kind: 'retry', error: String(error) }
    }
  }

  const write = async (deliveries: readonly Delivery[]): Promise<Outcome[]> => {
    const outcomes = deliveries.map((): Outcome => ({ kind: 'written' }))
    const waiting = deliveries
      .map((delivery, index) => ({ delivery, index }))
      .filter(({ delivery }) => delivery.envelope.quarantined.length > 0)
    const drain = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        outcomes[next.index] = await writeOne(next.delivery)
      }
    }
    await Promise.all(Array.from({ length: MAX_CONCURRENT }, drain))
    return outcomes
  }

  return { name: 'quarantine', write }
}

/**
 * `quarantine/source=shop/date=2026-11-21/20261121T100000123Z-<hash>.ndjson`. Made of the content alone: a redelivery
 * writes the same object again, and nobody's choice of ids can bring two contents together.
 *
 * @param receivedAt milliseconds since 1970
 */
export async function quarantineKey(source: string, receivedAt: number, text: string): Promise<string> {
  const time = new Date(receivedAt).toISOString()
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const name = `${time.replace(/[-:.]/g, '')}-${hex.slice(0, HASH_DIGITS)}`
  return `quarantine/source=${source}/date=${time.slice(0, 10)}/${name}.ndjson`
}
