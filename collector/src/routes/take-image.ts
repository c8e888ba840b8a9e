/** The routes that are images: an event in an address, answered by a GIF whatever becomes of it. */

import type { EventType } from '@millrace/schemas'
import type { Context } from 'hono'
import { noteRefusal } from '../receipts/enter.ts'
import { batchOfEvent, type ReceiveDeps, type Received, receive } from '../receive.ts'
import { type RequestRefusal, refusal, refuseUnexpected } from '../refuse.ts'
import { eventOfData, eventOfQuery, PIXEL, PIXEL_ERROR_HEADER } from './pixel.ts'

/** What a pixel's address says of its event: the type, and whether a parameter `data` is the event. */
export interface PixelKind {
  type: EventType
  hasData: boolean
}

/** Takes the event of an address. Always an image, so that no page shows a broken one; the status tells whether the event was taken. */
export async function takeImage(c: Context, receiving: ReceiveDeps, kind: PixelKind): Promise<Response> {
  // Who asks with HEAD only checks the link, as mail servers do, and has seen nothing.
  if (c.req.method === 'HEAD') return pixel(c, undefined)
  try {
    const received = await takePixel(c, receiving, kind)
    if (!received.ok) return pixel(c, received)
    const [receipt] = received.receipts
    if (receipt?.status === 'quarantined') c.header(PIXEL_ERROR_HEADER, receipt.reason)
    return pixel(c, undefined)
  } catch (error) {
    return pixel(c, refuseUnexpected(c, receiving, error))
  }
}

async function takePixel(
  c: Context,
  receiving: ReceiveDeps,
  { type, hasData }: PixelKind,
): Promise<Received> {
  const query = new URL(c.req.url).searchParams
  const data = hasData ? query.get('data') : null
  const given = data === null ? { event: eventOfQuery(query, type), text: undefined } : eventOfData(data)
  if (given === undefined) return refusal(400, 'invalid_json', 'data must be base64 of a JSON object')
  const { event, text = JSON.stringify(event) } = given
  // Nobody sends an image again, and all who open one mail send the same.
  const messageId = event['messageId'] ?? receiving.tools.randomId()
  const batch = batchOfEvent({ ...event, messageId }, text, type)
  const received = await receive(c, receiving, batch, 'batch')
  return received.ok ? received : noteRefusal(c, receiving, received, batch)
}

function pixel(c: Context, refused: RequestRefusal | undefined): Response {
  if (refused !== undefined) c.header(PIXEL_ERROR_HEADER, refused.code)
  if (refused?.retryAfterSeconds !== undefined) c.header('Retry-After', String(refused.retryAfterSeconds))
  const headers = { 'Content-Type': 'image/gif', 'Cache-Control': 'no-store' }
  return c.body(PIXEL.slice().buffer, refused?.status ?? 200, headers)
}
