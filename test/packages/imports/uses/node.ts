// Each entry of @millrace/node as a user's TypeScript has it; it is compiled, and never runs.
import { createMillrace, type MillraceError, readBrowserIdentity, readRequestContext } from '@millrace/node'
import { createRequestContext, type Defaults } from '@millrace/node/context'
import { createMillrace as createEdgeMillrace } from '@millrace/node/edge'
import { type ExpressRequest, millrace as forExpress } from '@millrace/node/express'
import { millrace as forFastify } from '@millrace/node/fastify'
import { millrace as forHono } from '@millrace/node/hono'
import { withFlush } from '@millrace/node/serverless'

interface Plan {
  track: { 'Order Completed': { total: number } }
}

const context = createRequestContext()
const millrace = createMillrace<Plan>({ writeKey: 'wk', endpoint: '/', spool: '/spool', flushAt: 10 })
millrace.track(
  { userId: 'u', event: 'Order Completed', properties: { total: 42 } },
  (error, { status }) => error?.code ?? status,
)
export const failure = (error: MillraceError) => error.dropped
// @ts-expect-error: the plan has another type for it
millrace.track({ userId: 'u', event: 'Order Completed', properties: { total: '42' } })
// @ts-expect-error: there is no such option
createMillrace({ writeKey: 'wk', endpoint: '/', flushat: 10 })
// @ts-expect-error: at the edge there is no file system
createEdgeMillrace({ writeKey: 'wk', endpoint: '/', spool: '/spool' })

const edge = createEdgeMillrace({ writeKey: 'wk', endpoint: '/' })
const known: Defaults | undefined = context.current()

export const handlers = [
  forExpress(edge, {
    pages: true,
    identify: (request: ExpressRequest) => request.headers['x-user'] as string,
  }),
  forFastify(edge, { api: true }),
  forHono(edge, { ip: () => '192.0.2.1' }),
  withFlush(edge, async (event: { id: number }) => event.id),
]
const visitor = {
  ...readBrowserIdentity(new Headers(), { anonymous: () => 'a' }),
  context: readRequestContext(new Headers()),
}
millrace.with(visitor).track({ event: 'Order Completed', properties: { total: 42 } })
export const identity = { ...readBrowserIdentity(new Request('https://shop.example/')), ...known }
