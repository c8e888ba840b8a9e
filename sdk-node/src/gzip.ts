/** Gzip by what every current runtime has. */

/** A function that compresses a text; nothing where the runtime has no `CompressionStream`. */
export function findGzip(): ((text: string) => Promise<ArrayBuffer>) | undefined {
  if (typeof CompressionStream === 'undefined') return undefined
  return async (text) => {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
    return await new Response(stream).arrayBuffer()
  }
}
