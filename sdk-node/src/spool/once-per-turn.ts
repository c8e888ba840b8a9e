/** Work that is put off, and done once however often it was asked for. */

/** A function that has `run` called in the next turn of the event loop; asking again until then changes nothing. */
export function oncePerTurn(defer: (callback: () => void) => void, run: () => void): () => void {
  let isDeferred = false
  return () => {
    if (isDeferred) return
    isDeferred = true
    defer(() => {
      isDeferred = false
      run()
    })
  }
}
