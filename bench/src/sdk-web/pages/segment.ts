/** Segment's analytics.js; its settings come from the recorder, as a CDN of one's own would have them. */

import { AnalyticsBrowser } from '@segment/analytics-next'
import { expose } from './expose.ts'

let analytics: AnalyticsBrowser

expose({
  start(origin) {
    analytics = AnalyticsBrowser.load({ writeKey: 'dev', cdnURL: origin })
  },
  track: (name, properties) => analytics.track(name, properties),
})
