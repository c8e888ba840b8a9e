/** Batches for journeys with faults: small ones, and ones that need several messages or several sends. */

/** Body of a batch, numbered as our own SDKs do. */
export interface NumberedBatch {
  stream: string
  firstSeq: number
  batch: { type: 'track'; event: string; userId: string; timestamp: string; properties: { text: string } }[]
}

/** Makes a batch of the given stream. */
export type MakeBatch = (stream: string) => NumberedBatch

/** With 5 or more of these a batch is more than one message of 127 KB, and with 10 or more than one send of 240 KB. */
const LARGE_TEXT = 'x'.repeat(25_000)

/** One event. */
export const oneEvent: MakeBatch = (stream) => buildBatch(stream, 1)

/** Seven events in one message. */
export const sevenEvents: MakeBatch = (stream) => buildBatch(stream, 7)

/** Two messages, so one `sendBatch`. */
export const twoMessages: MakeBatch = (stream) => buildBatch(stream, 8, LARGE_TEXT)

/** Four messages, which need three sends. */
export const fourMessages: MakeBatch = (stream) => buildBatch(stream, 19, LARGE_TEXT)

/** The `messageId` of each event of a batch. */
export function idsOf({ stream, firstSeq, batch }: NumberedBatch): string[] {
  return batch.map((_, index) => `${stream}-${firstSeq + index}`)
}

/** The time is in the key of the table: with one of its own, an event that is sent again in the next hour is the same. */
function buildBatch(stream: string, eventCount: number, text = 'x'): NumberedBatch {
  const timestamp = new Date().toISOString()
  const event = { type: 'track' as const, event: 'Fault', userId: 'u', timestamp, properties: { text } }
  return { stream, firstSeq: 1, batch: Array.from({ length: eventCount }, () => event) }
}
