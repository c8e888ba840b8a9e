/** Sizes as the wire counts them. */

/** The part of Node's `Buffer` that is used; other runtimes have none. */
interface ByteCounter {
  byteLength(text: string): number
}

const encoder = new TextEncoder()
const counter = (globalThis as { Buffer?: ByteCounter }).Buffer

/** Length of a text in UTF-8. `Buffer` counts without writing the bytes, which is a tenth of an event's cost. */
export const byteLength: (text: string) => number =
  typeof counter?.byteLength === 'function'
    ? (text) => counter.byteLength(text)
    : (text) => encoder.encode(text).byteLength
