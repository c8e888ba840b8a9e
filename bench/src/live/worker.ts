/**
 * Runs inside workerd: brings events with known answers to the live object, and to ClickHouse, as the consumer does. Text of an
 * entry module whose imports start at the root folder.
 */

/** What a run brings. */
export interface RunOrder {
  events: number
  startMs: number
  spanMs: number
  seed: number
  source: string
  /** Queue batches, the first and behind the last. */
  from: number
  to: number
  /** Whether the events go to ClickHouse too. */
  isStored: boolean
  /** Whether the object only stores what it is sent: the bare limit. */
  isBare: boolean
}

/** What it took. */
export interface RunResult {
  /** Milliseconds of the calls to the object, without making the events and combining them. */
  callMs: number
  /** And of combining. */
  combineMs: number
  batches: number
  events: number
  bytes: number
  rowsWritten: number
  /** Whether there are batches behind these. */
  hasMore: boolean
}

export const ENTRY = `
import { DurableObject } from 'cloudflare:workers'
import worker, { LiveAggregator } from './worker.ts'
import { createGroundTruth, TRUTH_WINDOWS } from './consumers/src/live/ground-truth.ts'
import { planOf } from './consumers/src/live/live-fakes.ts'
import { createLiveSink, createLiveSinkMemory } from './consumers/src/live/sink.ts'
import { createWarehouse } from './consumers/src/warehouse/insert.ts'
import { createWarehouseSink } from './consumers/src/warehouse/sink.ts'

class Live extends LiveAggregator {
  storeOnly(seq, ids, change) {
    this.ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS bare (slot INTEGER PRIMARY KEY, ids BLOB, change TEXT)')
    this.ctx.storage.sql.exec('INSERT OR REPLACE INTO bare VALUES (?, ?, ?)', seq % 128, ids.buffer, change)
    return { kind: 'applied', floor: 0, watches: [] }
  }
}
export { Live as LiveAggregator }

const plan = planOf(TRUTH_WINDOWS, { retentionMs: 4 * 3600000 })
const memory = createLiveSinkMemory()

async function run(order, env) {
  const result = { callMs: 0, combineMs: 0, batches: 0, events: 0, bytes: 0, rowsWritten: 0, hasMore: false }
  const object = () => env.LIVE.getByName(order.source)
  const apply = async (request) => {
    const startedAt = Date.now()
    const reply = order.isBare
      ? await object().storeOnly(result.batches, request.ids, request.change)
      : await object().apply(request)
    result.callMs += Date.now() - startedAt
    result.bytes += request.change.length + request.ids.byteLength
    return reply
  }
  const live = createLiveSink({ objectOf: () => ({ apply, show: async () => {} }), planOf: () => plan, memory })
  const stored = createWarehouseSink({ insert: createWarehouse({ url: env.CLICKHOUSE_URL, username: 'default', password: '', database: 'millrace' }).insert })
  const before = await object().rowsWritten()
  let index = 0
  for (const batch of createGroundTruth(order).batches()) {
    if (index >= order.to) { result.hasMore = true; break }
    index += 1
    if (index <= order.from) continue
    const deliveries = batch.map((envelope, i) => ({ messageId: String(i), envelope }))
    // The clock of a Worker goes on when something is awaited.
    await object().storedBytes()
    const startedAt = Date.now()
    const called = result.callMs
    const outcomes = await live.write(deliveries)
    result.combineMs += Date.now() - startedAt - (result.callMs - called)
    if (outcomes.some(({ kind }) => kind !== 'written')) throw new Error(JSON.stringify(outcomes[0]))
    if (order.isStored) {
      const kept = await stored.write(deliveries)
      if (kept.some(({ kind }) => kind !== 'written')) throw new Error(JSON.stringify(kept[0]))
    }
    result.batches += 1
    result.events += batch.reduce((sum, { events }) => sum + events.length, 0)
  }
  result.rowsWritten = (await object().rowsWritten()) - before
  return result
}

export default {
  ...worker,
  async fetch(request, env, context) {
    const url = new URL(request.url)
    if (url.pathname === '/bench/run') {
      try { return Response.json(await run(await request.json(), env)) } catch (error) { return new Response(String(error.stack), { status: 500 }) }
    }
    if (url.pathname.startsWith('/bench/windows/')) {
      const [, , , source, name] = url.pathname.split('/')
      return env.LIVE.getByName(source).fetch('https://live/windows?name=' + name)
    }
    return worker.fetch(request, env, context)
  },
}
`
