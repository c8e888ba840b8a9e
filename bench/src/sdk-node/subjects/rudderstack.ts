/** `@rudderstack/rudder-sdk-node`. */

import RudderAnalytics from '@rudderstack/rudder-sdk-node'
import { type CreateSubject, EVENT_NAME } from '../subject.ts'

/** Creates the client. */
export const createSubject: CreateSubject = ({ endpoint, run }) => {
  let dropped = 0
  const analytics = new RudderAnalytics('dev', { dataPlaneUrl: endpoint, logLevel: 'none' })
  const note = (error?: unknown) => {
    if (error !== undefined && error !== null) dropped += 1
  }
  return {
    track(properties) {
      analytics.track({ userId: run, event: EVENT_NAME, properties }, note)
    },
    flush: () => analytics.flush(),
    toldDrops: () => dropped,
  }
}
