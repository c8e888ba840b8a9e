/** What the examples' tests look at: the events that a visit left in ClickHouse. */

import type { TestStack } from '../../support/stack.ts'
import { waitFor } from '../../support/wait.ts'

/** An event as it is stored, as far as the examples say something about it. */
export interface StoredEvent {
  type: string
  event: string
  page_path: string
  page_title: string
  page_referrer: string
  properties: Record<string, unknown>
  context: Record<string, unknown>
  anonymous_id: string
  client_anonymous_id: string
  library_name: string
  stream: string
  seq: number
  source: string
}

/** Events of each stream in their order, the streams by when they began, once there are so many. */
export function storedEvents(stack: TestStack, count: number): Promise<StoredEvent[]> {
  const query = `SELECT type, event, page_path, page_title, page_referrer, properties, context, anonymous_id,
      client_anonymous_id, library_name, stream, seq, source
    FROM events FINAL ORDER BY min(timestamp) OVER (PARTITION BY stream), stream, seq`
  return waitFor(
    () => stack.query<StoredEvent>(query),
    (rows) => rows.length >= count,
  )
}

/** Numbers of each stream: 1, 2, 3 … where no event is missing and none is there twice. */
export function numbersByStream(rows: readonly StoredEvent[]): number[][] {
  const streams = Map.groupBy(rows, ({ stream }) => stream)
  return [...streams.values()].map((events) => events.map(({ seq }) => seq).sort((a, b) => a - b))
}

/** 1 to `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

/** Short names of events, in order: `page /cart`, `Order Completed`. */
export function namesOf(rows: readonly StoredEvent[]): string[] {
  return rows.map(({ type, event, page_path }) => (type === 'track' ? event : `${type} ${page_path}`))
}
