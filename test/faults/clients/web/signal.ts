/** `AbortSignal.timeout` of a page: fires by the page's own timers. */

/** A signal that fires once. */
export interface PageSignal {
  /** Called when it fires; at once when it has. */
  onAbort(listener: () => void): void
}

/** The class `AbortSignal` of a page. */
export function createSignals(setTimeout: (run: () => void, ms: number) => unknown) {
  return {
    timeout(ms: number): PageSignal {
      const listeners: (() => void)[] = []
      let isAborted = false
      setTimeout(() => {
        isAborted = true
        for (const listener of listeners) listener()
      }, ms)
      return {
        onAbort(listener) {
          if (isAborted) listener()
          else listeners.push(listener)
        },
      }
    },
  }
}
