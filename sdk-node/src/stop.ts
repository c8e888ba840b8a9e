/**
 * The end of a client, for everything that waits. What `AbortSignal` does, but for any number of listeners: Node warns of
 * more than ten.
 */

export interface Stop {
  isStopped(): boolean
  /** Calls every listener once; nothing the second time. */
  stop(): void
  /** Adds a listener, which is called at once when it is too late; the returned function takes it away. */
  onStop(listener: () => void): () => void
}

/** Not stopped. */
export function createStop(): Stop {
  const listeners = new Set<() => void>()
  let isStopped = false
  return {
    isStopped: () => isStopped,
    stop() {
      if (isStopped) return
      isStopped = true
      for (const listener of [...listeners]) listener()
      listeners.clear()
    },
    onStop(listener) {
      if (isStopped) listener()
      else listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** What a promise gives, or `undefined` when the client is stopped before. A later rejection is nobody's business. */
export async function unlessStopped<T>(promise: Promise<T>, stop: Stop): Promise<T | undefined> {
  let off: (() => void) | undefined
  const stopped = new Promise<undefined>((resolve) => {
    off = stop.onStop(() => resolve(undefined))
  })
  try {
    return await Promise.race([promise, stopped])
  } finally {
    off?.()
  }
}
