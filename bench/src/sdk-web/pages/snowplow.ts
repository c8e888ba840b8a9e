/** Snowplow without plugins; a tracked event is a self-describing one. */

import { newTracker, trackSelfDescribingEvent } from '@snowplow/browser-tracker'
import { expose } from './expose.ts'

expose({
  start: (origin) => newTracker('bench', origin, { appId: 'dev' }),
  track: (name, data) =>
    trackSelfDescribingEvent({
      event: { schema: `iglu:dev.bench/${name.replaceAll(' ', '_').toLowerCase()}/jsonschema/1-0-0`, data },
    }),
})
