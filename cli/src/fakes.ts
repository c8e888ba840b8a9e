/** What commands write to in tests. */

import { Writable } from 'node:stream'

/** A stream that keeps what is written. */
export interface Sink {
  stream: Writable
  /** What was written so far, a text for each write. */
  writes: readonly string[]
  /** All of it as one text. */
  text: () => string
}

/** A sink that takes every write at once and never fails. */
export function createSink(): Sink {
  const writes: string[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      writes.push(String(chunk))
      done()
    },
  })
  return { stream, writes, text: () => writes.join('') }
}
