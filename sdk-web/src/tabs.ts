/** Tells the tabs of an origin apart: who owns a stream's outbox, and whose turn it is to send. Knows nothing of events. */

/** How long a tab waits for its turn: longer than a request may take. */
const MAX_TURN_MS = 20_000

/** The part of `navigator.locks` that is used. */
export type Locks = Pick<LockManager, 'request'>

/** This tab among those of its origin. */
export interface Tabs {
  /** Takes a stream, until the page goes. Resolves to false when another tab has it. */
  claim(stream: string): Promise<boolean>
  /** Gives all streams up. */
  yield(): void
  /**
   * Runs while no other tab runs anything; where there are no locks at once, and at the latest after 20 s. Never rejects
   * unless `run` does.
   */
  takeTurn(run: () => Promise<void>): Promise<void>
}

/**
 * Creates the tab's place among the others, by Web Locks, which the browser frees however a tab ends. Where there are none
 * (pages without https, browsers before 2022) every stream can be had: whoever finds a batch there waits until its tab
 * must be gone.
 *
 * @param name what the names of locks begin with
 * @param browser looked at when a lock is needed, because the first look takes a while
 */
export function createTabs(name: string, browser: { readonly locks?: Locks }): Tabs {
  /** By stream, how it is given up. */
  let owned = new Map<string, () => void>()
  return {
    async claim(stream) {
      const { locks } = browser
      if (!locks || owned.has(stream)) return true
      // What is granted after everything was given up is given back.
      const current = owned
      return new Promise<boolean>((resolve, reject) => {
        const hold = (lock: Lock | null) => {
          const isOurs = !!lock && current === owned
          resolve(isOurs)
          return isOurs && new Promise<void>((release) => void owned.set(stream, release))
        }
        locks.request(name + stream, { ifAvailable: true }, hold).catch(reject)
      }).catch(() => false) // a frame without an origin of its own has no locks, nor an outbox
    },
    yield() {
      for (const release of owned.values()) release()
      owned = new Map()
    },
    async takeTurn(run) {
      const { locks } = browser
      let turn: Promise<void> | undefined
      const runOnce = () => (turn ??= run())
      try {
        const signal = AbortSignal.timeout?.(MAX_TURN_MS) as AbortSignal
        if (locks) await locks.request(name, { signal }, runOnce)
      } catch {
        // Refused, as for `claim`, or whoever has the turn hangs: a page that shows an `alert`, say.
      }
      await runOnce()
    },
  }
}
