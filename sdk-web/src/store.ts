/** Reads and writes the browser's key-value storage, which may be refused at any time; what is kept is left to others. */

/** A storage that never throws: what is refused reads as absent. */
export interface Store {
  get(key: string): string | null
  set(key: string, value: string): void
}

/**
 * Wraps a storage area.
 *
 * @param open returns the area; reading `window.localStorage` itself throws where storage is blocked
 */
export function createStore(open: () => Storage): Store {
  return {
    get(key) {
      try {
        return open().getItem(key)
      } catch {
        return null // blocked by the browser or a sandboxed frame: as if nothing was ever stored
      }
    },
    set(key, value) {
      try {
        open().setItem(key, value)
      } catch {
        // Blocked or full: the value lives as long as the page does.
      }
    },
  }
}
