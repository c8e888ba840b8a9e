/** The Worker with a meter around it. Text of an entry module whose imports start at the root folder. */

import type { Tally } from './tally.ts'

/** Where the bench reads and orders; the Worker behind never sees it. */
export const METER_PATH = '/bench-cost'

/** Body of a POST to {@link METER_PATH}. */
export interface MeterOrder {
  /** Whether the consumer acknowledges everything and does nothing, uncounted. */
  isConsumerIdle: boolean
}

/** Answer of it. */
export interface MeterAnswer {
  tally: Tally
  /** Bytes of SQLite of the source's object. */
  storedBytes: number
}

export const ENTRY = `
import { AsyncLocalStorage } from 'node:async_hooks'
import worker, { LiveAggregator } from './worker.ts'
import { createMeter } from './bench/src/cost/meter.ts'

const meter = createMeter({ roles: new AsyncLocalStorage(), now: Date.now })
meter.watchConsole(console)
let isConsumerIdle = false

const METHODS = ['apply', 'show', 'note', 'report', 'readMetrics', 'fetch', 'alarm', 'webSocketMessage', 'webSocketClose', 'webSocketError']

class Counted extends LiveAggregator {
  constructor(ctx, env) {
    meter.watchState(ctx)
    super(ctx, env)
  }
}
for (const name of METHODS) {
  Counted.prototype[name] = function (...args) {
    return meter.callObject(this.ctx, name, () => LiveAggregator.prototype[name].apply(this, args))
  }
}
export { Counted as LiveAggregator }

async function answer(request, env) {
  if (request.method === 'POST') isConsumerIdle = (await request.json()).isConsumerIdle
  return Response.json({ tally: meter.read(), storedBytes: await env.LIVE.getByName('dev').storedBytes() })
}

export default {
  fetch(request, env, context) {
    if (new URL(request.url).pathname === '${METER_PATH}') return answer(request, env)
    return meter.invoke('collector', () => worker.fetch(request, meter.countEnv(env), context))
  },
  queue(batch, env) {
    if (isConsumerIdle) return meter.skipBatch(batch)
    return meter.invoke('consumer', () => meter.countBatch(batch, (counted) => worker.queue(counted, meter.countEnv(env))))
  },
  scheduled(controller, env, context) {
    return meter.invoke('cron', () => worker.scheduled(controller, meter.countEnv(env), context))
  },
}
`
