/** Runs inside workerd, around the Worker: its clock goes ahead as a test says, so that a minute need not pass. */

/** A POST here, with milliseconds as the body, sets the clock ahead by so many more; the Worker behind never sees it. */
export const CLOCK_PATH = '/test-clock'

interface Handlers {
  fetch: (request: Request, env: never, context: never) => Promise<Response>
}

/** The handlers of the Worker, with that clock in place of `Date.now` for the whole isolate. */
export function withClock<H extends Handlers>(handlers: H): H {
  const readClock = Date.now
  let aheadMs = 0
  Date.now = () => readClock() + aheadMs
  return {
    ...handlers,
    async fetch(request, env, context) {
      if (new URL(request.url).pathname !== CLOCK_PATH) return handlers.fetch(request, env, context)
      aheadMs += Number(await request.text())
      return new Response(String(aheadMs))
    },
  }
}
