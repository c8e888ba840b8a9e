/** Sizes as the wire counts them. */

const encoder = new TextEncoder()

/** Length of a text in UTF-8. By `TextEncoder`, which every runtime has; `Buffer` is Node's. */
export function byteLength(text: string): number {
  return encoder.encode(text).byteLength
}
