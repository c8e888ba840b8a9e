/** Sends a beat through the front door: the request that a client would send, and the whole path that it takes. */

import { BATCH_PATH, HEARTBEAT_EVENT } from '@millrace/schemas'
import { withTimeout } from '../timeout.ts'
import type { Beat, Door } from './beat.ts'

/** A way in. */
export interface FrontDoor {
  door: Door
  /** Address that the request is to; only its path matters to all but `url`. */
  address: string
  fetch: (request: Request) => Promise<Response>
}

/** What the ways in are made of; each may be absent. */
export interface Doors {
  /** Address from the configuration. */
  url?: string | undefined
  fetch?: ((request: Request) => Promise<Response>) | undefined
  /** The service binding of the Worker to itself. */
  self?: { fetch: (request: Request) => Promise<Response> } | undefined
  /** The Worker's own handler. */
  inside?: ((request: Request) => Promise<Response>) | undefined
}

/** Whoever is on the way need not be there: no name is looked up for a binding or a call. */
const NO_HOST = 'https://heartbeat.invalid'

/** The way in: the address where there is one, else the binding, else the handler itself; `undefined` when there is none. */
export function chooseDoor({ url, fetch: fetchUrl = fetch, self, inside }: Doors): FrontDoor | undefined {
  if (url !== undefined)
    return { door: 'url', address: url.replace(/\/$/, ''), fetch: (request) => fetchUrl(request) }
  if (self !== undefined) return { door: 'self', address: NO_HOST, fetch: (request) => self.fetch(request) }
  return inside === undefined ? undefined : { door: 'inside', address: NO_HOST, fetch: inside }
}

/** Longest that an answer is waited for. */
const ANSWER_TIMEOUT_MS = 20_000

/** What the send works with. */
export interface SendEffects {
  front: FrontDoor
  key: string
  now: () => number
  log: (record: Record<string, unknown>) => void
}

/** Sends one. Never rejects: a beat that was not taken is one whose answer is not known, and it may have got through. */
export async function sendBeat({ front, key, now, log }: SendEffects): Promise<Beat> {
  const sentAt = now()
  const id = `beat-${sentAt}`
  const beat: Beat = {
    ...{ id, sentAt, door: front.door },
    times: { answered: null, live: null, warehouse: null, lake: null },
  }
  try {
    const response = await withTimeout(front.fetch(buildRequest(front, key, id, sentAt)), ANSWER_TIMEOUT_MS)
    const answeredAt = now()
    const { success, receipts } = (await response.json()) as { success?: boolean; receipts?: unknown[] }
    const isTaken = response.ok && success === true && receipts === undefined
    if (isTaken) beat.times.answered = Math.max(0, answeredAt - sentAt)
    else log({ level: 'error', event: 'heartbeat_refused', door: front.door, status: response.status })
  } catch (error) {
    log({
      level: 'error',
      event: 'heartbeat_unanswered',
      door: front.door,
      error: String(error).slice(0, 300),
    })
  }
  return beat
}

/** As a client of Segment's API sends it. */
function buildRequest({ address }: FrontDoor, key: string, id: string, sentAt: number): Request {
  const time = new Date(sentAt).toISOString()
  const event = {
    ...{ type: 'track', event: HEARTBEAT_EVENT, messageId: id, originalTimestamp: time },
    // A new one every hour: a session of beats would never end, and is computed anew as it grows.
    anonymousId: `heartbeat-${time.slice(0, 13)}`,
  }
  return new Request(`${address}${BATCH_PATH}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ batchId: id, sentAt: time, batch: [event] }),
    redirect: 'manual',
  })
}
