/** Amplitude; its remote configuration comes from the recorder and switches nothing further on. */

import { init, track } from '@amplitude/analytics-browser'
import { expose } from './expose.ts'

expose({
  start: (origin) =>
    init('dev', {
      serverUrl: `${origin}/2/httpapi`,
      remoteConfig: { serverUrl: `${origin}/config` },
    }),
  track: (name, properties) => track(name, properties),
})
