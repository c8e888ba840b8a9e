/**
 * The local Worker's front door, which can be closed. Its queue is in memory: what was acknowledged after the queue was
 * last emptied would end with the Worker.
 */

import type { ErrorAnswer } from '@millrace/schemas'

/** Name of the entrypoint that closes it; no request from outside reaches one. */
export const DOOR = 'MillraceDoor'

/** Seconds after which a client should try again: about what a restart takes. */
const RETRY_AFTER_SECONDS = 3

const REFUSAL: ErrorAnswer = {
  success: false,
  code: 'temporarily_unavailable',
  message: 'this collector is being stopped; nothing of this request was stored, send it again',
}

/** A module of a Worker, as miniflare takes them. */
export interface WorkerModule {
  type: 'ESModule'
  path: string
  contents: string
}

/**
 * Puts the door before a Worker. Every handler of its default export stays what it is; one that is no object stays open.
 * The door answers at its entrypoint how many requests and batches are in hand, and closes itself first when it is asked
 * by POST.
 *
 * @returns its modules; the first is the entry
 */
export function withDoor(worker: WorkerModule): WorkerModule[] {
  const contents = `
import worker from './${worker.path}'
export * from './${worker.path}'

let isOpen = true
let inHand = 0

async function carry(work) {
  inHand += 1
  try {
    return await work()
  } finally {
    inHand -= 1
  }
}

// As the collector answers: without these headers a page could not read that it is to send it again.
const refuse = (request) =>
  new Response(${JSON.stringify(JSON.stringify(REFUSAL))}, {
    status: 503,
    headers: {
      'Content-Type': 'application/json',
      'Retry-After': '${RETRY_AFTER_SECONDS}',
      'Access-Control-Allow-Origin': request.headers.get('origin') ?? '*',
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Expose-Headers': 'Retry-After',
      Vary: 'Origin',
    },
  })

const guarded = (worker) => ({
  ...worker,
  ...(worker.fetch && {
    fetch: (request, ...rest) => (isOpen ? carry(() => worker.fetch(request, ...rest)) : refuse(request)),
  }),
  ...(worker.queue && { queue: (...all) => carry(() => worker.queue(...all)) }),
})

export default typeof worker === 'object' ? guarded(worker) : worker

export const ${DOOR} = {
  fetch(request) {
    if (request.method === 'POST') isOpen = false
    return new Response(String(inHand))
  },
}
`
  return [{ type: 'ESModule', path: 'door.js', contents }, worker]
}
