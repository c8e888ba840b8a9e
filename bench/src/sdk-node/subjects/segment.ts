/** `@segment/analytics-node`. */

import { Analytics } from '@segment/analytics-node'
import { type CreateSubject, EVENT_NAME } from '../subject.ts'

/** Creates the client. */
export const createSubject: CreateSubject = ({ endpoint, run }) => {
  let dropped = 0
  const analytics = new Analytics({ writeKey: 'dev', host: endpoint })
  // One for each event.
  analytics.on('error', () => {
    dropped += 1
  })
  return {
    track(properties) {
      analytics.track({ userId: run, event: EVENT_NAME, properties })
    },
    flush: () => analytics.flush(),
    toldDrops: () => dropped,
  }
}
