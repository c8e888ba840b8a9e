/** The page that every SDK is measured on: isolated, so that its clock has a step of 5 µs, and otherwise plain. */

/** Isolation lets `performance.now()` be fine; nothing is cached, so that each page is a first one. */
export const PAGE_HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

/** SDKs that would not count robots see an ordinary visitor: a driven, headless browser says in three places what it is. */
const VISITOR = `
const userAgent = navigator.userAgent.replace('Headless', '')
Object.defineProperty(Navigator.prototype, 'userAgent', { get: () => userAgent, configurable: true })
Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false, configurable: true })
Object.defineProperty(Navigator.prototype, 'userAgentData', { get: () => undefined, configurable: true })`

/**
 * Builds its HTML. The collector's origin is in `window.origins.collector`.
 *
 * @param isStarted whether the page loads the SDK and starts it, as a customer's does; a page that measures loading does
 *   it by itself, with `/sdk.js?sdk=<name>`
 */
export function buildPage(sdk: string, collectorOrigin: string, isStarted: boolean): string {
  const start = `<script src="/sdk.js?sdk=${encodeURIComponent(sdk)}"></script><script>sdk.start(origins.collector)</script>`
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>A shop</title>
<link rel="icon" href="data:,"><script>${VISITOR}
window.origins = { collector: ${JSON.stringify(collectorOrigin)} }</script>
${isStarted ? start : ''}<h1>A shop</h1><p><a href="/started?sdk=${encodeURIComponent(sdk)}">Next</a></p></html>`
}
