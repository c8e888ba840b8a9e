/** What becomes of a segment that the disk does not give back: kept for a person to look at, and out of everybody's way. */

import { attempt, type FileSystem } from './file-system.ts'
import { UNREADABLE_ENDING } from './layout.ts'
import type { Segment } from './segment.ts'

/**
 * Renames the events and lets go of the segment; the name that they have now. Nothing reads or deletes such a file, and it
 * does not count against the bound of the disk.
 */
export function setAside(fs: FileSystem, segment: Segment): string {
  const path = segment.events.path()
  segment.forget('unreadable')
  const name = attempt(() => {
    fs.renameSync(path, path + UNREADABLE_ENDING)
    return path + UNREADABLE_ENDING
  })
  return name ?? path
}
