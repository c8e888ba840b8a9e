/** Millrace as npm has it; the build of `millrace/tiny` puts the other import path in place of this one. */

import { createMillrace, type Millrace } from '@millrace/web'
import { expose } from './expose.ts'

let millrace: Millrace

expose({
  start(origin) {
    millrace = createMillrace({ writeKey: 'dev', endpoint: origin })
  },
  track: (name, properties) => millrace.track(name, properties),
})
