/** What the windows of one definition have in common, whether they are panes or sessions: how they close and are told. */

import type { LiveWindow } from '@millrace/schemas/live'
import type { WindowChange } from './change.ts'

/** A count of changes; every change of a window gets the next, so that a watcher can be told what is newer than it has. */
export type Stamp = number

/** When all events were counted; changes with the plan. A window that is not within is not whole. */
export interface WholeSpan {
  since: number
  until: number
}

/** A window that is closed. */
export interface Closing {
  /** 1 when it was first final. */
  version: number
  /** Version that ClickHouse has, 0 for none. */
  delivered: number
  /** Events came since: the next version is due. */
  isStale: boolean
  /** When the version changed. */
  stamp: Stamp
}

/** A window of a version that ClickHouse does not have yet. */
export interface Undelivered {
  window: LiveWindow
  /** The session is now part of another one, and counts nothing. */
  isRemoved?: true
  markDelivered: () => void
}

/** A session that is part of another one now. */
export interface Removed {
  name: string
  start: number
  key: string[]
}

/** A piece of state that was changed since it was last saved, by its place; `text` is absent where it is gone. */
export interface SavedPiece {
  place: number
  text?: string
}

/** The windows of one definition. */
export interface WindowTable {
  /** Takes what changes. */
  apply: (change: WindowChange, stamp: Stamp) => void
  /**
   * Makes final what ends at or before the watermark, and gives what changed after that its next version.
   *
   * @returns whether there was any
   */
  close: (watermark: number, stamp: Stamp) => boolean
  /**
   * Drops what ends at or before the floor; what ClickHouse does not have yet only at or before the other.
   *
   * @returns whether there was any
   */
  forget: (floor: number, undeliveredFloor: number) => boolean
  /** When the next window that is not final ends; `undefined` when there is none. */
  nextEnd: () => number | undefined
  /** When the next window that was final and has changed since ends, or ended; `undefined` when there is none. */
  nextCorrection: () => number | undefined
  /** Whether anything is held. */
  isEmpty: () => boolean
  /** Windows that changed after the stamp, or that were not begun to be shown at `shownAt`; oldest first. */
  changedSince: (stamp: Stamp, shownAt: number, now: number) => LiveWindow[]
  removedSince: (stamp: Stamp) => Removed[]
  /** Windows that lie in the range, those of the future aside; oldest first. */
  between: (from: number, to: number, now: number) => LiveWindow[]
  undelivered: () => Undelivered[]
  /** State to save, and what to read it from: in one piece for what is closed, and in places for what is counted. */
  takeUnsaved: () => SavedPiece[]
  /** @param floor what ends at or before it is not opened again */
  load: (place: number, text: string, floor: number) => void
  encodeClosings: () => string
  loadClosings: (text: string) => void
}

/** Whether it is the first version, a later one, or none yet. */
export function stateOf(closing: Closing | undefined): Pick<LiveWindow, 'state' | 'version'> {
  if (closing === undefined) return { state: 'provisional', version: 0 }
  return { state: closing.version === 1 ? 'final' : 'corrected', version: closing.version }
}
