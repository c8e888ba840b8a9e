/** When written bytes are brought to the disk: with every write, from time to time, or when the system likes. */

import type { Cancel } from '../timers.ts'
import type { SpoolFile } from './spool-file.ts'
import type { TroubleTeller } from './trouble.ts'

/** `always`: an accepted event is on the disk; `interval`: within `fsyncIntervalMs`; `never`: the system decides. */
export type FsyncPolicy = 'always' | 'interval' | 'never'

export interface SyncerOptions {
  policy: FsyncPolicy
  intervalMs: number
  after: (delayMs: number, callback: () => void) => Cancel
  trouble: TroubleTeller
}

export interface Syncer {
  /** The file was written to. Throws what the disk says with `always`. */
  written(file: SpoolFile): void
  /** Lets go of a file's descriptor, after the sync that it waits for. */
  close(file: SpoolFile): void
  /** Syncs all that wait, unless the policy is `never`; whether that worked. */
  syncAll(): boolean
  stop(): void
}

export function createSyncer({ policy, intervalMs, after, trouble }: SyncerOptions): Syncer {
  let waiting = new Set<SpoolFile>()
  let underWay = 0
  let cancel: Cancel | undefined

  function schedule(): void {
    if (underWay === 0 && waiting.size > 0) cancel ??= after(intervalMs, tick)
  }

  function tick(): void {
    cancel = undefined
    const files = waiting
    waiting = new Set()
    underWay = files.size
    for (const file of files) {
      file.sync((cause) => {
        underWay -= 1
        if (cause === null) trouble.works('sync')
        else trouble.failed('sync', cause)
        schedule()
      })
    }
  }

  return {
    written(file) {
      if (policy === 'always') file.syncNow()
      if (policy !== 'interval') return
      waiting.add(file)
      schedule()
    },
    close(file) {
      file.close(policy === 'interval' && waiting.has(file))
    },
    syncAll() {
      const files = waiting
      waiting = new Set()
      for (const file of files) {
        try {
          file.syncNow()
        } catch (cause) {
          trouble.failed('sync', cause)
          return false
        }
      }
      return true
    },
    stop() {
      cancel?.()
      waiting.clear()
    },
  }
}
