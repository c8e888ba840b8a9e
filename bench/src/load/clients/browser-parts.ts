/** What a browser keeps for a site, and its locks: as much of both as the browser SDK uses. */

/** Web Storage in memory; its keys are its own properties, as `Object.keys` of a browser's gives them. */
export function createStorage(): object {
  const storage: Record<string, string> = {}
  const hidden = (value: unknown) => ({ value, enumerable: false })
  return Object.defineProperties(storage, {
    getItem: hidden((key: string) => storage[key] ?? null),
    setItem: hidden((key: string, value: string) => {
      storage[key] = value
    }),
    removeItem: hidden((key: string) => void delete storage[key]),
  })
}

/** Web Locks of one page. */
export interface PageLocks {
  request: (
    name: string,
    options: { ifAvailable?: boolean },
    run: (lock: object | null) => unknown,
  ) => Promise<unknown>
}

/** The locks of one browser. */
export interface LockManagers {
  /** Those that a page holds until it goes. */
  openPage: () => PageLocks & { close: () => void }
}

/** Web Locks in memory, exclusive ones alone. Source: Web Locks API, W3C, section 4. A `signal` is not listened to. */
export function createLocks(): LockManagers {
  const held = new Map<string, { page: object; done: Promise<void> }>()
  return {
    openPage() {
      const page = {}
      const releases = new Set<() => void>()
      return {
        async request(name, { ifAvailable = false }, run) {
          for (let holder = held.get(name); holder !== undefined; holder = held.get(name)) {
            if (ifAvailable) return run(null)
            await holder.done
          }
          const { promise: done, resolve } = Promise.withResolvers<void>()
          const release = () => {
            if (held.get(name)?.done === done) held.delete(name)
            releases.delete(release)
            resolve()
          }
          held.set(name, { page, done })
          releases.add(release)
          try {
            return await run({ name })
          } finally {
            release()
          }
        },
        close() {
          for (const release of [...releases]) release()
        },
      }
    },
  }
}
