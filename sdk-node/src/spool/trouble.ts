/** What goes wrong with a spool, told once for each stretch of time in which it does. */

import { messageOf } from '../describe.ts'
import type { SeqRange } from './seq-ranges.ts'

export interface SpoolTrouble {
  /** `spool_foreign` is a remark: nothing is wrong with this client's events. */
  code: 'spool_failed' | 'spool_damaged' | 'spool_foreign'
  message: string
  /** Events that nobody will ever read. */
  dropped: number
  /** Numbers of this client's own stream that it will give out no more: dropped, or taken over by another process. */
  gone: readonly SeqRange[]
  cause?: unknown
}

/**
 * `write`: events are in memory meanwhile. `sync`: they outlive the process, and perhaps not a power cut.
 * `read`: they wait.
 */
export type DiskWork = 'write' | 'sync' | 'read'

const DONE: Record<DiskWork, string> = { write: 'written', sync: 'synced', read: 'read for the moment' }

export interface TroubleTeller {
  /** The disk cannot do something; told when it could before. */
  failed(what: DiskWork, cause: unknown): void
  /** The disk can do it (again). */
  works(what: DiskWork): void
  isFailing(what: DiskWork): boolean
  tell(trouble: SpoolTrouble): void
}

/** Tells `onTrouble`; what that throws is the caller's and is swallowed, because the spool's own books must go on. */
export function createTroubleTeller(onTrouble: (trouble: SpoolTrouble) => void): TroubleTeller {
  const failing = new Set<DiskWork>()

  function tell(trouble: SpoolTrouble): void {
    try {
      onTrouble(trouble)
    } catch {
      // The client guards its callbacks; nobody is left to tell.
    }
  }

  return {
    failed(what, cause) {
      if (failing.has(what)) return
      failing.add(what)
      const message = `the spool cannot be ${DONE[what]}: ${messageOf(cause)}`
      tell({ code: 'spool_failed', message, dropped: 0, gone: [], cause })
    },
    works: (what) => void failing.delete(what),
    isFailing: (what) => failing.has(what),
    tell,
  }
}

/** Events in ranges. */
export function countOf(ranges: readonly SeqRange[]): number {
  return ranges.reduce((sum, { count }) => sum + count, 0)
}

/** "1 event", "3 events". */
export function describeCount(count: number): string {
  return `${count} ${count === 1 ? 'event' : 'events'}`
}
