/** Keeps small values as JSON in the browser's key-value storage, which may be refused at any time; what is kept is left to others. */

/** A storage that never throws: what is refused, or is no JSON of ours, reads as absent. */
export interface Store {
  load(key: string): unknown
  /** Removes the key when the value is undefined. Gives whether it was done. */
  keep(key: string, value?: unknown): boolean
  /** Keys of ours that begin so, without that beginning; none when storage is refused. */
  list(beginning: string): string[]
}

/** What all our keys begin with. */
const PREFIX = 'millrace.'

/**
 * Wraps a storage area.
 *
 * @param area returns it; reading `window.localStorage` itself throws where storage is blocked
 * @param isOpen whether anything may be read or written now
 */
export function createStore(area: () => Storage, isOpen: () => boolean): Store {
  // Blocked by the browser, a sandboxed frame or a full disk: the value lives as long as the page does.
  const attempt = <T>(otherwise: T, run: (area: Storage) => T): T => {
    try {
      if (isOpen()) return run(area())
    } catch {}
    return otherwise
  }
  return {
    load: (key) =>
      attempt(undefined, (storage) => JSON.parse(storage.getItem(PREFIX + key) ?? '0') || undefined),
    keep: (key, value) =>
      attempt(false, (storage) => {
        if (value) storage.setItem(PREFIX + key, JSON.stringify(value))
        else storage.removeItem(PREFIX + key)
        return true
      }),
    list: (beginning) =>
      attempt([], (storage) => {
        const start = PREFIX + beginning
        return Object.keys(storage).flatMap((key) => (key.startsWith(start) ? key.slice(start.length) : []))
      }),
  }
}
