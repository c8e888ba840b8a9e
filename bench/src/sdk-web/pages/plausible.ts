/** Plausible; its values are typed as strings, but any scalar goes over the wire as it is. */

import { init, track } from '@plausible-analytics/tracker'
import { expose } from './expose.ts'

expose({
  // The measured pages are on localhost, where it is silent by default.
  start: (origin) => init({ domain: 'dev', endpoint: `${origin}/api/event`, captureOnLocalhost: true }),
  track: (name, properties) => track(name, { props: properties as Record<string, string> }),
})
