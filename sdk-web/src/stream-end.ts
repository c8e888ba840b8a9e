/** Hands the end of a page's stream to the next page in the same tab, so that the collector can prove its tail. */

import type { StreamEnd } from '@millrace/schemas/wire'
import type { Store } from './store.ts'

/** The note that the pages of one tab leave for each other. */
export interface StreamEndNote {
  /** The note of another page; undefined when there is none, or it was replaced by one of this page. Reads storage. */
  read(): StreamEnd | undefined
  /** Says how far this page's stream goes; replaces the note before. Writes storage. */
  save(end: StreamEnd): void
}

/**
 * Creates the note of one source in one tab.
 *
 * It is left whenever numbers were given out, not only when the page goes: a page that is killed leaves one too. So a
 * stream may be named twice with different numbers, when its page came back from the back/forward cache and went on, or
 * when the tab was duplicated; the highest holds.
 */
export function createStreamEndNote(store: Store, writeKey: string): StreamEndNote {
  const key = `end.${writeKey}`
  let isOurs = false
  return {
    read: () => (isOurs ? undefined : (store.load(key) as StreamEnd | undefined)),
    save(end) {
      if (!end.lastSeq) return
      isOurs = true
      store.keep(key, end)
    },
  }
}
