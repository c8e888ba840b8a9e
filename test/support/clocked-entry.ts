/** The text of a Worker's entry whose clock a test sets ahead, and whose live objects hear of it. */

/** Options of {@link writeClockedEntry}. */
export interface ClockedEntryOptions {
  /** Imports what the rest names, with the class of live objects as `Base`. */
  imports: string
  /** The handlers, as an expression. */
  handlers: string
  /** How far the clock is ahead at first; default 0. */
  aheadMs?: number
  /** Sources whose objects are woken. */
  sources: readonly string[]
  /** Statements before the object is made of `context` and `env`; default none. */
  beforeObject?: string
  /** More methods of the object; default none. */
  methods?: string
}

/** Writes it. Alarms keep real time, so whoever sets the clock ahead wakes the objects. */
export function writeClockedEntry({
  imports,
  handlers,
  aheadMs = 0,
  sources,
  beforeObject = '',
  methods = '',
}: ClockedEntryOptions): string {
  return `
${imports}
import { CLOCK_PATH, withAlarms, withClock } from './test/support/clock-worker.ts'
const clocked = withClock(${handlers}, ${aheadMs})
export class LiveAggregator extends Base {
  constructor(context, env) {
    ${beforeObject}
    super(withAlarms(context), env)
  }
  wake() {
    return this.ctx.storage.setAlarm(Date.now())
  }
  ${methods}
}
const wake = (env) => Promise.all(${JSON.stringify(sources)}.map((source) => env.LIVE.getByName(source).wake()))
export default {
  async fetch(request, env, context) {
    const response = await clocked.fetch(request, env, context)
    if (new URL(request.url).pathname === CLOCK_PATH) await wake(env)
    return response
  },
  queue: clocked.queue,
  scheduled: clocked.scheduled,
}
`
}
