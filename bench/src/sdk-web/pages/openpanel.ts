/** OpenPanel. */

import { OpenPanel } from '@openpanel/web'
import { expose } from './expose.ts'

let openpanel: OpenPanel

expose({
  start(origin) {
    openpanel = new OpenPanel({ clientId: 'dev', apiUrl: origin })
  },
  track: (name, properties) => openpanel.track(name, properties),
})
