/** Runs inside workerd, around the Worker: its clock goes ahead as a test says, so that a minute need not pass. */

/** A POST here, with milliseconds as the body, sets the clock ahead by so many more; the Worker behind never sees it. */
export const CLOCK_PATH = '/test-clock'

interface Handlers {
  fetch: (request: Request, env: never, context: never) => Promise<Response>
}

/** The real time; taken before anything is put in its place. */
const readClock = Date.now

/** The handlers of the Worker, with that clock in place of `Date.now` for the whole isolate. It begins `aheadMs` ahead. */
export function withClock<H extends Handlers>(handlers: H, aheadMs = 0): H {
  let ahead = aheadMs
  Date.now = () => readClock() + ahead
  return {
    ...handlers,
    async fetch(request, env, context) {
      if (new URL(request.url).pathname !== CLOCK_PATH) return handlers.fetch(request, env, context)
      ahead += Number(await request.text())
      return new Response(String(ahead))
    },
  }
}

/** Alarms of an object as the runtime keeps them, which knows the real time alone. */
interface Alarms {
  setAlarm: (at: number) => Promise<void>
  getAlarm: () => Promise<number | null>
}

/** The context of an object whose alarms are set by that clock, and go off when it is as long until then by the real one. */
export function withAlarms<C extends { storage: Alarms }>(context: C): C {
  const { storage } = context
  const setAlarm = storage.setAlarm.bind(storage)
  storage.setAlarm = (at) => setAlarm(at - Date.now() + readClock())
  return context
}

/** In how many real milliseconds the alarm of such an object goes off, or null. */
export async function alarmInMs({ storage }: { storage: Alarms }): Promise<number | null> {
  const at = await storage.getAlarm()
  return at === null ? null : at - readClock()
}
