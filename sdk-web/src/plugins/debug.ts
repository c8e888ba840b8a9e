/** Shows on the page what a client records and sends: for developers, not for visitors. */

import { createDebugLog } from './debug-log.ts'
import { createDebugView } from './debug-view.ts'
import { guard, install, type Page, type PluginClient, type Stop } from './plugin.ts'

/** Options of {@link debug}. */
export interface DebugOptions {
  /** Show the list at once. Default false: only its button. */
  open?: boolean
  /** How many of the last events are listed. Default 100. */
  maxEvents?: number
  /** The page to show it on. Default: the one that the script runs in. */
  window?: Page
}

/**
 * Adds a button to the corner of the page that opens a list of the last events with their properties and what became of
 * them, of events given up by reason, and of the last batches with their HTTP status. Escape closes it. It needs no
 * permission of a Content Security Policy.
 *
 * Whether an event was sent is told from the order of events and the sizes of batches; it may be off for a moment while
 * the client also sends what closed tabs have left.
 *
 * @example
 * import { createMillrace } from '@millrace/web'
 * import { debug } from '@millrace/web/debug'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * debug(millrace)
 *
 * @returns a function that removes it
 */
export function debug(client: PluginClient, options: DebugOptions = {}): Stop {
  const { open = false, maxEvents = 100 } = options
  return install(options.window, (window, signal) => {
    const log = createDebugLog(maxEvents)
    const view = createDebugView(window, log, open)
    let isAsked = false
    // A page that records a thousand events at once is drawn once.
    const draw = guard(() => {
      isAsked = false
      if (!signal.aborted) view.update()
    })
    /** Changes the log and shows it in the next frame. */
    const change =
      <Args extends unknown[]>(log: (...args: Args) => void) =>
      (...args: Args) => {
        log(...args)
        if (!isAsked) window.requestAnimationFrame(draw)
        isAsked = true
      }
    const follow = (stop: Stop) => signal.addEventListener('abort', stop)
    follow(view.remove)
    follow(client.on('event', change(log.addEvent)))
    follow(client.on('batch', change(log.addBatch)))
    follow(client.on('dropped', change(log.addDropped)))
  })
}
