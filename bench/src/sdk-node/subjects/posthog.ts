/** `posthog-node`. */

import { PostHog } from 'posthog-node'
import { type CreateSubject, EVENT_NAME } from '../subject.ts'

/** Creates the client. It tells of failed requests, and of no dropped events. */
export const createSubject: CreateSubject = ({ endpoint, run }) => {
  const posthog = new PostHog('dev', { host: endpoint })
  return {
    track(properties) {
      posthog.capture({ distinctId: run, event: EVENT_NAME, properties })
    },
    flush: () => posthog.flush(),
    toldDrops: () => 0,
  }
}
