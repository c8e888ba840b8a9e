/** Web Locks of one origin: the first of a queue holds the lock; a page that dies lets go of what it holds or waits for. */

import type { PageSignal } from './signal.ts'

interface Hold {
  page: object
  start: () => void
}

type Run = (lock: object | null) => unknown

/** The part of `LockOptions` that the SDK uses. */
interface LockOptions {
  ifAvailable?: boolean
  signal?: PageSignal
}

/** The locks of a browser. */
export interface BrowserLocks {
  /** `navigator.locks` of a page. */
  of(page: object): { request(name: string, options: LockOptions | Run, run?: Run): Promise<unknown> }
  /** The page is gone. */
  release(page: object): void
  /** Names that are held now. */
  held(): string[]
}

/** Creates them, all free. */
export function createLocks(): BrowserLocks {
  const queues = new Map<string, Hold[]>()

  function remove(name: string, isOver: (hold: Hold) => boolean): void {
    const before = queues.get(name) ?? []
    const after = before.filter((hold) => !isOver(hold))
    if (after.length > 0) queues.set(name, after)
    else queues.delete(name)
    if (after[0] !== before[0]) after[0]?.start()
  }

  async function request(page: object, name: string, { ifAvailable, signal }: LockOptions, run: Run) {
    const queue = queues.get(name) ?? []
    if (ifAvailable && queue.length > 0) return run(null)
    queues.set(name, queue)
    let hold: Hold | undefined
    let isGranted = false
    const granted = new Promise<void>((start, fail) => {
      hold = { page, start }
      queue.push(hold)
      signal?.onAbort(() => {
        if (isGranted) return
        remove(name, (other) => other === hold)
        fail(new DOMException('aborted', 'AbortError'))
      })
    })
    if (queue.length === 1) hold?.start()
    await granted
    isGranted = true
    try {
      return await run({ name })
    } finally {
      remove(name, (other) => other === hold)
    }
  }

  return {
    of: (page) => ({
      request: (name, ...rest) =>
        typeof rest[0] === 'function'
          ? request(page, name, {}, rest[0])
          : request(page, name, rest[0], rest[1] as Run),
    }),
    release(page) {
      for (const name of [...queues.keys()]) remove(name, (hold) => hold.page === page)
    },
    held: () => [...queues.keys()],
  }
}
