import { createMillrace, readBrowserIdentity, readRequestContext } from '@millrace/node'
import { after } from 'next/server'
import { collector } from '../../collector.ts'

/** Sends what was tracked once the answer is out, also where the server is frozen right after it. */
const millrace = createMillrace({ ...collector, waitUntil: after })

/** Prices of a seat in euros, by course. */
const PRICES = new Map([['throwing', 180]])

export async function POST(request: Request): Promise<Response> {
  const { course } = await request.json()
  const total = PRICES.get(course)
  if (total === undefined) return Response.json({ error: 'there is no such course' }, { status: 404 })

  millrace.track({
    // The cookie of @millrace/web says whose the events of the browser are. Who has none is somebody new.
    ...readBrowserIdentity(request, { anonymous: () => crypto.randomUUID() }),
    event: 'Order Completed',
    properties: { order_id: crypto.randomUUID(), course, total, currency: 'EUR' },
    context: readRequestContext(request),
  })
  return Response.json({ booked: course }, { status: 201 })
}
