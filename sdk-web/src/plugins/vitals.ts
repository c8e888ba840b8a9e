/** Records the Core Web Vitals of a page, as Google's `web-vitals` library measures them. */

import { type Metric, onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals'
import { guard, install, type PluginClient, type Stop } from './plugin.ts'

/** Digits kept after the point: a layout shift is small, a millisecond's fraction noise. */
const PRECISION = 10_000

/**
 * Starts recording `Web Vital` `{ name, value, rating, delta, id, navigationType }`, with CLS, FCP, INP, LCP and TTFB as
 * names. `value` and `delta` are milliseconds, for CLS a score. A metric that grows while the page is used is recorded
 * again each time the page hides: the last `value` with an `id` counts, or the sum of its `delta`s.
 *
 * Call it once a page: the library cannot be stopped, so each further call measures everything anew.
 *
 * @example
 * import { createMillrace } from '@millrace/web'
 * import { vitals } from '@millrace/web/vitals'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * vitals(millrace)
 *
 * @returns a function after which nothing is recorded
 */
export function vitals(client: PluginClient): Stop {
  return install(undefined, (_page, signal) => {
    const record = guard(({ name, value, rating, delta, id, navigationType }: Metric) => {
      if (signal.aborted) return
      client.track('Web Vital', {
        ...{ name, rating, id, navigationType },
        ...{ value: round(value), delta: round(delta) },
      })
    })
    for (const measure of [onCLS, onFCP, onINP, onLCP, onTTFB]) measure(record)
  })
}

function round(value: number): number {
  return Math.round(value * PRECISION) / PRECISION
}
