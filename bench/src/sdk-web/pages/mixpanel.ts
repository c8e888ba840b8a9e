/** Mixpanel as its package's main import has it. */

import mixpanel from 'mixpanel-browser'
import { expose } from './expose.ts'

expose({
  start: (origin) => mixpanel.init('dev', { api_host: origin }),
  track: (name, properties) => mixpanel.track(name, properties),
})
