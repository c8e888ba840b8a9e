/** `@jitsu/js`. It has no queue: each call is a request. */

import { jitsuAnalytics } from '@jitsu/js'
import { type CreateSubject, createCalls, EVENT_NAME } from '../subject.ts'

/** Creates the client. What fails is a line on the console. */
export const createSubject: CreateSubject = ({ endpoint }) => {
  const calls = createCalls()
  let dropped = 0
  const jitsu = jitsuAnalytics({
    host: endpoint,
    writeKey: 'dev:dev',
    s2s: true,
    errorPolicy: () => {
      dropped += 1
    },
  })
  return {
    track(properties) {
      const end = calls.begin()
      void Promise.resolve(jitsu.track(EVENT_NAME, properties as never)).then(
        () => end(false),
        () => end(true),
      )
    },
    flush: calls.settled,
    toldDrops: () => dropped + calls.givenUpCount(),
  }
}
