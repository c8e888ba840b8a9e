/** Records how long each page view was seen, and how far down. */

import { install, listen, type Page, type PluginClient, type Stop } from './plugin.ts'
import { createStopwatch } from './stopwatch.ts'

/** How often scrolling is looked at, and how soon after a view begins, in milliseconds: looking makes the page lay out. */
const LOOK_AFTER_MS = 250

/** Options of {@link engagement}. */
export interface EngagementOptions {
  /** Count only the time in which the page has the focus as well. Default false: all time in which it is visible. */
  focused?: boolean
  /** The page to watch. Default: the one that the script runs in. */
  window?: Page
}

/**
 * Starts recording `Page Engaged` `{ path, visibleMs, scrollPercent }`, when a view ends (the client's next `page` call)
 * and whenever the page hides, as it may not come back. Each holds the time since the one before, so they add up;
 * `scrollPercent` is the deepest of the view so far, 0 to 100, where 100 is also a page without anything to scroll. A
 * view that was not seen since is not recorded again.
 *
 * `path` is the `path` of the `page` call, or the address at that time.
 *
 * @example
 * import { createMillrace } from '@millrace/web'
 * import { engagement } from '@millrace/web/engagement'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * engagement(millrace)
 * millrace.page()
 *
 * @returns a function that ends it; what was not recorded by then is not
 */
export function engagement(client: PluginClient, options: EngagementOptions = {}): Stop {
  return install(options.window, (window, signal) => {
    const { document } = window
    const watch = createStopwatch(() => window.performance.now())
    let path = window.location.pathname
    let isFirstCall = true
    let [seen, height] = [0, 0]
    let timer: number | undefined

    function look(): void {
      timer = undefined
      seen = Math.max(seen, window.scrollY + window.innerHeight)
      height = document.scrollingElement?.scrollHeight ?? 0
    }
    function lookSoon(): void {
      timer ??= window.setTimeout(look, LOOK_AFTER_MS)
    }
    function record(): void {
      const visibleMs = watch.take()
      const scrollPercent = height && Math.min(100, Math.round((100 * seen) / height))
      if (visibleMs > 0) client.track('Page Engaged', { path, visibleMs, scrollPercent })
    }
    function handleChange({ type }: { type: string }): void {
      const isHidden = type === 'pagehide' || document.visibilityState === 'hidden'
      watch.run(!isHidden && !(options.focused && (type === 'blur' || !document.hasFocus())))
      if (isHidden) {
        look()
        record()
      }
    }
    function handlePage(...call: unknown[]): void {
      const named = call.find((part): part is { path: string } => !!(part as { path?: string } | null)?.path)
      const next = named?.path ?? window.location.pathname
      // The view in which the plugin started may be the one that is only now announced.
      if (!isFirstCall || next !== path) {
        record() // with what was last seen of it: by now the page may already show the next one
        seen = height = 0
        lookSoon()
      }
      isFirstCall = false
      path = next
    }

    handleChange({ type: '' })
    lookSoon()
    listen(window, ['visibilitychange', 'pagehide', 'pageshow', 'focus', 'blur'], handleChange, signal)
    listen(window, ['scroll'], lookSoon, signal)
    signal.addEventListener('abort', client.on('page', handlePage))
    signal.addEventListener('abort', () => window.clearTimeout(timer))
  })
}
