/** `@openpanel/sdk`. It has no queue: each call is a request. */

import { OpenPanel } from '@openpanel/sdk'
import { type CreateSubject, createCalls, EVENT_NAME } from '../subject.ts'

/** Creates the client. A call that was given up resolves with null. */
export const createSubject: CreateSubject = ({ endpoint, run }) => {
  const calls = createCalls()
  const openpanel = new OpenPanel({ clientId: 'dev', clientSecret: 'dev', apiUrl: endpoint })
  return {
    track(properties) {
      const end = calls.begin()
      void openpanel.track(EVENT_NAME, { profileId: run, ...properties }).then(
        (answer) => end(answer === null),
        () => end(true),
      )
    },
    flush: calls.settled,
    toldDrops: calls.givenUpCount,
  }
}
