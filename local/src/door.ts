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

/** What the door says when it has closed. */
export interface DoorState {
  /** Requests, batches and runs of the cron that have begun and not ended. */
  inHand: number
  /** Those that have ended. */
  ended: number
}

/**
 * Puts the door before a Worker whose default export is an object; any other stays open. Asked at its entrypoint it closes,
 * and answers a {@link DoorState}; again is harmless.
 *
 * @returns its modules; the first is the entry
 */
export function withDoor(worker: WorkerModule): WorkerModule[] {
  const contents = `
import worker from './${worker.path}'
export * from './${worker.path}'

let isOpen = true
let inHand = 0
let ended = 0

async function carry(work) {
  inHand += 1
  try {
    return await work()
  } finally {
    inHand -= 1
    ended += 1
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

function guard(worker) {
  const guarded = Object.create(worker)
  for (const name of ['fetch', 'queue', 'scheduled']) {
    if (!worker[name]) continue
    const run = (...all) => carry(() => worker[name](...all))
    guarded[name] = name === 'fetch' ? (request, ...rest) => (isOpen ? run(request, ...rest) : refuse(request)) : run
  }
  return guarded
}

export default typeof worker === 'object' ? guard(worker) : worker

export const ${DOOR} = {
  fetch() {
    isOpen = false
    return Response.json({ inHand, ended })
  },
}
`
  return [{ type: 'ESModule', path: 'door.js', contents }, worker]
}
