/** What is needed of the R2 binding to look at dead letters and take them out, and how long it may take. */

import { withinDeadline } from '../deadline.ts'

/** An object without its content. */
export interface DeadObject {
  key: string
  /** Bytes. */
  size: number
  /** When it was stored. */
  uploaded: Date
  /** Present where it was asked for. */
  customMetadata?: Record<string, string>
}

/** The bucket. */
export interface DeadBucket {
  /** In the order of keys. With metadata a page may be shorter than its limit: only `truncated` tells whether there is more. */
  list: (options: { prefix: string; startAfter?: string; include: ['customMetadata'] }) => Promise<{
    objects: DeadObject[]
    truncated: boolean
  }>
  head: (key: string) => Promise<DeadObject | null>
  get: (key: string) => Promise<(DeadObject & { text: () => Promise<string>; body: ReadableStream }) | null>
  put: (
    key: string,
    value: ReadableStream,
    options: { customMetadata: Record<string, string> },
  ) => Promise<unknown>
  delete: (keys: string[]) => Promise<unknown>
}

/** How long one call may take, of bucket or queue. Source: DESIGN section 2. */
export const STEP_TIMEOUT_MS = 5_000

/** What the bucket answers, or a rejection when it does not in time. */
export function askBucket<T>(work: Promise<T>): Promise<T> {
  return withinDeadline(work, 'the bucket', STEP_TIMEOUT_MS)
}
