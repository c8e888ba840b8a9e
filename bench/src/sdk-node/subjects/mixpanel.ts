/** `mixpanel`. It has no queue: each call is a request. */

import Mixpanel from 'mixpanel'
import { type CreateSubject, createCalls, EVENT_NAME } from '../subject.ts'

/** Creates the client. */
export const createSubject: CreateSubject = ({ endpoint, run }) => {
  const { hostname, port } = new URL(endpoint)
  const mixpanel = Mixpanel.init('dev', { protocol: 'http', host: `${hostname}:${port}` })
  const calls = createCalls()
  return {
    track(properties) {
      const end = calls.begin()
      mixpanel.track(EVENT_NAME, { distinct_id: run, ...properties }, (error) => end(error !== undefined))
    },
    flush: calls.settled,
    toldDrops: calls.givenUpCount,
  }
}
