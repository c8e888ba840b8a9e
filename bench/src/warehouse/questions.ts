/** The ten questions that a dashboard asks most, over a day, a week and a month, by the query API. */

import { type Measured, quantile } from '../measure.ts'
import { createRecompute } from './recompute.ts'
import type { MeasuredWarehouse } from './warehouse.ts'
import { timeOf, timesOf } from './warehouse.ts'

/** Paths and queries of the API, without range. */
const QUESTIONS: Record<string, string> = {
  'events over time': 'timeseries?metric=events',
  'people over time': 'timeseries?metric=people',
  'top pages': 'top?field=page_path&event=page',
  'top referrers': 'top?field=referrer_name&event=page',
  'top campaigns': 'top?field=campaign_source&event=page',
  'top countries': 'top?field=country&event=page',
  'top devices': 'top?field=device_type&event=page',
  'revenue over time': 'timeseries?metric=sum&of=measures.revenue&interval=day',
  'funnel of three steps': 'funnel?step=page&step=Product%20Added&step=Order%20Completed',
  'sessions over time': 'sessions?interval=day',
}

/** Questions that nothing was computed for: without an aim, to show what those cost. */
const OTHERS: Record<string, string> = {
  'sum of a property that is no measure':
    'timeseries?metric=sum&of=properties.price&event=Product%20Added&interval=day',
  'top pages in a country': 'top?field=page_path&event=page&filter=country:is:DE',
}

const RANGES = { '24 h': '1d', '7 d': '7d', '30 d': '30d' }

const SAMPLES = 5

/** A question that another `limit` makes another one, although the work is the same: so it is not in the cache. */
const FIRST_LIMIT = 10

/**
 * Asks them all: each five times when it is not in the cache, the same once more as its next viewers do, and once more when
 * every partition of `events` is one part, as ClickHouse makes it in time.
 */
export async function measureQuestions(
  warehouse: MeasuredWarehouse,
  report: (line: string) => void,
): Promise<Measured[]> {
  const results = [await measureCount(warehouse, 'count() of events FINAL')]
  // As the cron does: computed tables that are five minutes behind are not read.
  const keepCurrent = createRecompute(warehouse, report)
  await forEach(async (name, ask, aims) => {
    await keepCurrent()
    report(`questions: ${name}`)
    const limits = Array.from({ length: SAMPLES }, (_, i) => FIRST_LIMIT + i)
    const asked: number[] = []
    const cached: number[] = []
    for (const limit of limits) {
      asked.push(await timeOf(() => ask(warehouse, limit, 'miss')))
      cached.push(await timeCached(() => ask(warehouse, limit, 'hit')))
    }
    results.push(milliseconds(name, asked, aims.asked), milliseconds(`${name}, cached`, cached, aims.cached))
  })
  report('questions: merging')
  await warehouse.run('OPTIMIZE TABLE events FINAL')
  results.push(await measureCount(warehouse, 'merged: count() of events FINAL'))
  await forEach(async (name, ask, aims) => {
    await keepCurrent()
    report(`questions: merged: ${name}`)
    const limits = Array.from({ length: SAMPLES }, (_, i) => FIRST_LIMIT + SAMPLES + i)
    const asked: number[] = []
    for (const limit of limits) asked.push(await timeOf(() => ask(warehouse, limit, 'miss')))
    results.push(milliseconds(`merged: ${name}`, asked, aims.asked))
  })
  return results
}

/** Every five minutes a range that ends now is another one: then the first to ask is not the next viewer. */
async function timeCached(ask: () => Promise<void>): Promise<number> {
  return timeOf(ask).catch(() => timeOf(ask))
}

type Ask = (warehouse: MeasuredWarehouse, limit: number, expected: 'hit' | 'miss') => Promise<void>

/** Milliseconds that a question may take, from the tables and from the cache. */
interface Aims {
  asked?: number
  cached?: number
}

const DASHBOARD: Aims = { asked: 300, cached: 10 }

async function forEach(use: (name: string, ask: Ask, aims: Aims) => Promise<void>): Promise<void> {
  const questions = [
    ...Object.entries(QUESTIONS).map(([name, path]) => ({ name, path, aims: DASHBOARD })),
    ...Object.entries(OTHERS).map(([name, path]) => ({ name, path, aims: {} })),
  ]
  for (const [range, from] of Object.entries(RANGES)) {
    for (const { name, path, aims } of questions) {
      const ask: Ask = async ({ workerUrl }, limit, expected) => {
        const url = `${workerUrl}/v1/query/${path}&from=${from}&limit=${limit}`
        const response = await fetch(url, { headers: { authorization: 'Bearer dev-read' } })
        const text = await response.text()
        if (!response.ok) throw new Error(`${path} got ${response.status}: ${text.slice(0, 300)}`)
        const cache = response.headers.get('millrace-cache')
        if (cache !== expected) throw new Error(`${url}: the cache had a ${cache}, not a ${expected}`)
      }
      await use(`${name}, ${range}`, ask, aims)
    }
  }
}

async function measureCount({ read }: MeasuredWarehouse, name: string): Promise<Measured> {
  return milliseconds(name, await timesOf(() => read('SELECT count() FROM events FINAL'), SAMPLES))
}

function milliseconds(name: string, samples: number[], aim?: number): Measured {
  const value = quantile(samples, 0.5)
  return { name, value, unit: 'ms', samples, ...(aim === undefined ? {} : { aim: { atMost: aim } }) }
}
