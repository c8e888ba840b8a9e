/** RudderStack with its plugins in the bundle, so that nothing is loaded from its CDN. */

import { RudderAnalytics } from '@rudderstack/analytics-js/bundled'
import { expose } from './expose.ts'

let analytics: RudderAnalytics

expose({
  start(origin) {
    analytics = new RudderAnalytics()
    analytics.load('dev', origin, { configUrl: origin })
  },
  track: (name, properties) => analytics.track(name, properties),
})
