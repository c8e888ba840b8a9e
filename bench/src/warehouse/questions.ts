/** The ten questions that a dashboard asks most, over a day, a week and a month: straight in SQL, and by the query API. */

import { type Measured, quantile } from '../measure.ts'
import { SOURCE } from './generate.ts'
import type { MeasuredWarehouse } from './warehouse.ts'
import { timeOf, timesOf } from './warehouse.ts'

/** A question in both languages. */
interface Question {
  name: string
  /** SQL over the view; `{where}` stands for source and time. */
  sql: string
  /** Path and query of the API without its range. */
  path: string
}

const RANGES = { '24 h': 1, '7 d': 7, '30 d': 30 }

const SAMPLES = 5

const EVENTS = 'FROM events_resolved WHERE {where}'

const top = (field: string): Pick<Question, 'sql' | 'path'> => ({
  sql: `SELECT ${field}, count() AS n, uniqExact(person_id) ${EVENTS} AND event = 'page' GROUP BY ${field} ORDER BY n DESC LIMIT 10`,
  path: `top?field=${field}&event=page`,
})

const QUESTIONS: Question[] = [
  {
    name: 'events over time',
    sql: `SELECT toStartOfHour(timestamp) AS t, count() ${EVENTS} GROUP BY t ORDER BY t`,
    path: 'timeseries?metric=events',
  },
  {
    name: 'people over time',
    sql: `SELECT toStartOfHour(timestamp) AS t, uniqExact(person_id) ${EVENTS} GROUP BY t ORDER BY t`,
    path: 'timeseries?metric=people',
  },
  { name: 'top pages', ...top('page_path') },
  { name: 'top referrers', ...top('referrer_name') },
  { name: 'top campaigns', ...top('campaign_source') },
  { name: 'top countries', ...top('country') },
  { name: 'top devices', ...top('device_type') },
  {
    name: 'revenue over time',
    sql: `SELECT toStartOfDay(timestamp) AS t, sum(properties.revenue.:Float64) ${EVENTS} AND event = 'Order Completed' GROUP BY t ORDER BY t`,
    path: 'timeseries?metric=sum&of=properties.revenue&event=Order%20Completed&interval=day',
  },
  {
    name: 'funnel of three steps',
    sql: `SELECT level, count() FROM (SELECT windowFunnel(86400)(toDateTime(timestamp), event = 'page', event = 'Product Added', event = 'Order Completed') AS level ${EVENTS} AND event IN ('page', 'Product Added', 'Order Completed') GROUP BY person_id) GROUP BY level`,
    path: 'funnel?step=page&step=Product%20Added&step=Order%20Completed',
  },
  {
    name: 'sessions over time',
    sql: `SELECT toStartOfDay(started_at) AS t, count(), countIf(is_bounce) / count(), avg(duration_seconds) FROM sessions FINAL WHERE {sessions} GROUP BY t ORDER BY t`,
    path: 'sessions?interval=day',
  },
]

/** Asks them all. Of the API, the first of each is not in the cache; then the same once more, as its next viewers do. */
export async function measureQuestions(
  warehouse: MeasuredWarehouse,
  endMs: number,
  report: (line: string) => void,
): Promise<Measured[]> {
  const results: Measured[] = [await measureCount(warehouse)]
  for (const [range, days] of Object.entries(RANGES)) {
    for (const question of QUESTIONS) {
      report(`questions: ${question.name}, ${range}`)
      const name = `${question.name}, ${range}`
      results.push(
        milliseconds(
          `SQL: ${name}`,
          await timesOf(() => askInSql(warehouse, question, endMs, days), SAMPLES),
        ),
      )
      results.push(...(await measureApi(warehouse, question, days, name)))
    }
  }
  return results
}

async function measureCount({ read }: MeasuredWarehouse): Promise<Measured> {
  const times = await timesOf(() => read('SELECT count() FROM events FINAL'), SAMPLES)
  return milliseconds('count() of events FINAL', times)
}

function milliseconds(name: string, samples: number[], aim?: number): Measured {
  const value = quantile(samples, 0.5)
  return { name, value, unit: 'ms', samples, ...(aim === undefined ? {} : { aim: { atMost: aim } }) }
}

function askInSql({ read }: MeasuredWarehouse, { sql }: Question, endMs: number, days: number) {
  const from = (column: string) =>
    `source = '${SOURCE}' AND ${column} >= fromUnixTimestamp64Milli(toInt64(${endMs - days * 86_400_000})) AND ${column} < fromUnixTimestamp64Milli(toInt64(${endMs}))`
  return read(sql.replace('{where}', from('timestamp')).replace('{sessions}', from('started_at')))
}

/** What the collector answers; nothing when it has no query API. */
async function measureApi(
  { workerUrl }: MeasuredWarehouse,
  { path }: Question,
  days: number,
  name: string,
): Promise<Measured[]> {
  const ask = async (limit: number, expected: string) => {
    const response = await fetch(`${workerUrl}/v1/query/${path}&from=${days}d&limit=${limit}`, {
      headers: { authorization: 'Bearer dev-read' },
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} got ${response.status}: ${text.slice(0, 300)}`)
    const cache = response.headers.get('millrace-cache')
    if (cache !== expected)
      throw new Error(`${path}, limit ${limit}: the cache had a ${cache}, not a ${expected}`)
  }
  // Another limit is the same work, and another question.
  const limits = Array.from({ length: SAMPLES }, (_, i) => 10 + i)
  const asked: number[] = []
  for (const limit of limits) asked.push(await timeOf(() => ask(limit, 'miss')))
  const cached: number[] = []
  for (const limit of limits) cached.push(await timeOf(() => ask(limit, 'hit')))
  return [milliseconds(`API: ${name}`, asked, 300), milliseconds(`API, cached: ${name}`, cached, 10)]
}
