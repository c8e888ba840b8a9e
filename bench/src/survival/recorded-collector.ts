/** The recording server of the comparison as the {@link Collector} of one stage. */

import type { Mode, Recorder } from '../sdk-web/recorder.ts'
import { type Collector, pause } from './stage.ts'

/** While a port is not listened on, a connection of some process may have it for its own end; soon it has gone. */
const LISTEN_ATTEMPTS = 20

const LISTEN_PAUSE_MS = 100

/** Makes a recorder the collector of a stage, with the pages of one SDK. */
export function createRecordedCollector(recorder: Recorder, sdk: string): Collector {
  return {
    pageUrl: recorder.pageUrl(sdk, '/started'),
    bareUrl: recorder.pageUrl(sdk, '/page'),
    accept: () => setMode(recorder, { kind: 'normal' }),
    turnAway: (retryAfterSeconds) => recorder.setMode({ kind: 'status', status: 503, retryAfterSeconds }),
    cutOff: () => recorder.setMode({ kind: 'refuse' }),
    count: (run) => recorder.tally(run),
  }
}

async function setMode(recorder: Recorder, mode: Mode): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await recorder.setMode(mode)
    } catch (error) {
      if (attempt === LISTEN_ATTEMPTS) throw error
      await pause(LISTEN_PAUSE_MS)
    }
  }
}
