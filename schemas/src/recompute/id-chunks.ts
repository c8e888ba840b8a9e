/** Cuts lists of ids into pieces that can be parameters of a statement: those go into the address of a request. */

/** Longest that the ids of a piece are as they go into an address; some servers and proxies take 16 KiB of it. */
const MAX_ENCODED_LENGTH = 8_000

/** Pieces of the list, in its order. An id that is too long by itself is a piece of its own. */
export function* chunkIds(ids: Iterable<string>): Generator<string[]> {
  let chunk: string[] = []
  let length = 0
  for (const id of ids) {
    // The quotes and the comma around it are encoded too.
    const encoded = encodeURIComponent(id.toWellFormed()).length + 9
    if (chunk.length > 0 && length + encoded > MAX_ENCODED_LENGTH) {
      yield chunk
      chunk = []
      length = 0
    }
    chunk.push(id)
    length += encoded
  }
  if (chunk.length > 0) yield chunk
}
