/** Tells whether the page is hidden, and when it hides; what to do then is left to others. */

/** The part of `window` that is used. */
export interface LifecycleWindow {
  readonly document: { readonly visibilityState: string }
  addEventListener(type: string, listener: (event: { readonly type: string }) => void): void
}

/**
 * Listens to the page. Gives a function that tells whether the page is in the background or going, so that the browser
 * may end it without another word.
 *
 * Never to `unload` or `beforeunload`: they keep a page out of the back/forward cache and do not come on phones. Both
 * `visibilitychange` and `pagehide`, because some browsers leave a page without a change of visibility; `pageshow`,
 * because a page may come back from the cache by it alone. All three come by at the window.
 *
 * @param onHide called on `visibilitychange` to hidden and on `pagehide`, so usually twice for one leaving
 */
export function watchPage(onHide: () => void, window: LifecycleWindow = self): () => boolean {
  const isInBackground = () => window.document.visibilityState === 'hidden'
  let isHidden = isInBackground()
  for (const type of ['visibilitychange', 'pagehide', 'pageshow']) {
    window.addEventListener(type, () => {
      isHidden = type === 'pagehide' || isInBackground()
      if (isHidden) onHide()
    })
  }
  return () => isHidden
}
