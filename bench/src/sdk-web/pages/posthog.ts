/** PostHog; its remote configuration comes from the recorder and switches nothing further on. */

import { posthog } from 'posthog-js'
import { expose } from './expose.ts'

expose({
  start: (origin) => posthog.init('dev', { api_host: origin }),
  track: (name, properties) => posthog.capture(name, properties),
})
