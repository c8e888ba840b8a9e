/** Trouble with reading that passes: nothing is read for a moment, nothing is given up for it, and the client is told to come again. */

import type { Cancel } from '../timers.ts'
import { errorCode } from './file-system.ts'
import type { TroubleTeller } from './trouble.ts'

/** What a process or machine runs out of for a while; says nothing about the file. */
const PASSING_CODES = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY', 'EINTR']

/** Of this client's own files, which it could write: somebody is at them. */
const PASSING_OWN_CODES = ['EACCES', 'EPERM', 'ESTALE']

/** Milliseconds until reading is tried again. */
const PAUSE_MS = 1_000

export interface ReadPause {
  isOn(): boolean
  /** Begins a pause when the trouble is one that passes, with this client's own files or others; whether it is. */
  beginFor(cause: unknown, isOwn?: boolean): boolean
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
    beginFor(cause, isOwn = false) {
      const code = errorCode(cause) ?? ''
      if (!PASSING_CODES.includes(code) && !(isOwn && PASSING_OWN_CODES.includes(code))) return false
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
