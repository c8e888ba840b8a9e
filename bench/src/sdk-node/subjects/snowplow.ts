/** `@snowplow/node-tracker`. */

import { buildSelfDescribingEvent, newTracker } from '@snowplow/node-tracker'
import type { CreateSubject } from '../subject.ts'

const SCHEMA = 'iglu:com.example/order_completed/jsonschema/1-0-0'

/** Creates the client. */
export const createSubject: CreateSubject = ({ endpoint, run }) => {
  let dropped = 0
  const tracker = newTracker(
    { namespace: 'bench', appId: 'bench' },
    {
      endpoint,
      onRequestFailure: ({ events, willRetry }) => {
        if (!willRetry) dropped += events.length
      },
    },
  )
  tracker.setUserId(run)
  return {
    track(properties) {
      tracker.track(buildSelfDescribingEvent({ event: { schema: SCHEMA, data: properties } }))
    },
    flush: () => tracker.flush(),
    toldDrops: () => dropped,
  }
}
