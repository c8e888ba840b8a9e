/** Ours, with and without a spool. */

import { createMillrace } from '@millrace/node'
import { type CreateSubject, EVENT_NAME } from '../subject.ts'

const LOOK_MS = 50

/** A request and its answer take a few milliseconds. */
const QUIET_MS = 1_000

const CLOSE_MS = 30_000

/** Creates the client; `SIGTERM` is its own business where it has a spool. */
export const createSubject: CreateSubject = ({ endpoint, run, spool, fsync }) => {
  let dropped = 0
  const millrace = createMillrace({
    writeKey: 'dev',
    endpoint,
    ...(spool === undefined ? {} : { spool: { directory: spool, ...(fsync && { fsync }) } }),
  })
  millrace.on('drop', ({ count }) => {
    dropped += count
  })
  millrace.on('error', () => {})
  return {
    track(properties) {
      millrace.track({ userId: run, event: EVENT_NAME, properties })
    },
    flush: () => millrace.flush(),
    toldDrops: () => dropped,
    async recover() {
      await untilQuiet(() => millrace.stats().recovered.answered)
      await millrace.close({ timeoutMs: CLOSE_MS })
    },
  }
}

/** Resolves when a count has stayed the same for a second. */
async function untilQuiet(look: () => number): Promise<void> {
  let last = look()
  for (let quietMs = 0; quietMs < QUIET_MS; quietMs += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    if (look() !== last) quietMs = 0
    last = look()
  }
}
