/** Trouble with reading that passes: nothing is read for a moment, nothing is given up for it, and the client is told to come again. */

import type { Cancel } from '../timers.ts'
import { errorCode } from './file-system.ts'
import type { TroubleTeller } from './trouble.ts'

/** What a process or machine runs out of for a while; says nothing about the file. */
const PASSING_CODES = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY', 'EINTR']

/** Milliseconds until reading is tried again. */
const PAUSE_MS = 1_000

export interface ReadPause {
  isOn(): boolean
  /** Begins a pause when the trouble is one that passes; whether it is. */
  beginFor(cause: unknown): boolean
  /** Reading worked. */
  works(): void
}

export function createReadPause({
  after,
  trouble,
  onEnd,
}: {
  after: (delayMs: number, callback: () => void) => Cancel
  trouble: TroubleTeller
  onEnd: () => void
}): ReadPause {
  let isOn = false
  return {
    isOn: () => isOn,
    beginFor(cause) {
      if (!PASSING_CODES.includes(errorCode(cause) ?? '')) return false
      trouble.failed('read', cause)
      if (isOn) return true
      isOn = true
      after(PAUSE_MS, () => {
        isOn = false
        onEnd()
      })
      return true
    },
    works: () => trouble.works('read'),
  }
}
