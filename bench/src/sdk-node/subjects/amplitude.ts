/** `@amplitude/analytics-node`. */

import { createInstance, Types } from '@amplitude/analytics-node'
import { type CreateSubject, EVENT_NAME } from '../subject.ts'

/** Creates the client, ready: calls before that would wait in another queue. */
export const createSubject: CreateSubject = async ({ endpoint, run }) => {
  const amplitude = createInstance()
  const serverUrl = `${endpoint}/2/httpapi`
  await amplitude.init('dev', { serverUrl, logLevel: Types.LogLevel.None }).promise
  let dropped = 0
  const note = ({ code }: { code: number }) => {
    if (code !== 200) dropped += 1
  }
  return {
    track(properties) {
      const { promise } = amplitude.track(EVENT_NAME, properties, { user_id: run })
      void promise.then(note)
    },
    flush: () => amplitude.flush().promise,
    toldDrops: () => dropped,
  }
}
