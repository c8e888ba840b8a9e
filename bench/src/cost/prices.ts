/**
 * Published list prices of Cloudflare, in US dollars, with the page each is from. Read on 23 November 2026 in stored copies of
 * these pages; a live page was not at hand.
 */

import type { UsageKey } from './usage.ts'

/** A price. */
export interface Price {
  /** What it is called in tables. */
  label: string
  /** What a number of it counts, such as `operations`. */
  unit: string
  dollars: number
  /** So many units cost that much. */
  per: number
  /** Units that a month of the Workers Paid plan, or of R2, includes. */
  included: number
  /** Whether a month is rounded up to whole {@link Price.per}. Default false. */
  roundsUp?: boolean
  source: string
}

/** Prices of everything that is counted. */
export type Prices = Record<UsageKey, Price>

/** When the pages were looked up. */
export const PRICES_CHECKED = '2026-11-23'

/** Workers Paid, a month. */
export const SUBSCRIPTION_DOLLARS = 5

const WORKERS = 'https://developers.cloudflare.com/workers/platform/pricing/'
const OBJECTS = 'https://developers.cloudflare.com/durable-objects/platform/pricing/'
const R2 = 'https://developers.cloudflare.com/r2/pricing/'
const MILLION = 1e6

/**
 * The list.
 *
 * A batch of a queue and a run of the cron count as requests: "a developer is billed for the request and for CPU time used in
 * the request" (https://developers.cloudflare.com/queues/configuration/consumer-concurrency/#billing), and the third example
 * of the Workers' page counts runs of a cron. Rate limits and static assets have no price of their own there.
 */
export const PRICES: Prices = {
  requests: {
    ...{ label: 'Worker requests', unit: 'requests', source: WORKERS },
    ...{ dollars: 0.3, per: MILLION, included: 10 * MILLION },
  },
  cpuMs: {
    ...{ label: 'Worker CPU', unit: 'ms', source: WORKERS },
    ...{ dollars: 0.02, per: MILLION, included: 30 * MILLION },
  },
  queueOperations: {
    ...{ label: 'Queue operations', unit: 'operations' },
    ...{ source: 'https://developers.cloudflare.com/queues/platform/pricing/' },
    ...{ dollars: 0.4, per: MILLION, included: MILLION },
  },
  objectRequests: {
    ...{ label: 'Object requests', unit: 'requests', source: OBJECTS },
    ...{ dollars: 0.15, per: MILLION, included: MILLION },
  },
  objectGbSeconds: {
    ...{ label: 'Object duration', unit: 'GB-s', source: OBJECTS },
    ...{ dollars: 12.5, per: MILLION, included: 400_000 },
  },
  rowsRead: {
    ...{ label: 'Object rows read', unit: 'rows', source: OBJECTS },
    ...{ dollars: 0.001, per: MILLION, included: 25_000 * MILLION },
  },
  rowsWritten: {
    ...{ label: 'Object rows written', unit: 'rows', source: OBJECTS },
    ...{ dollars: 1, per: MILLION, included: 50 * MILLION },
  },
  objectStoredGb: {
    ...{ label: 'Object storage', unit: 'GB-month', source: OBJECTS },
    ...{ dollars: 0.2, per: 1, included: 5 },
  },
  classA: {
    ...{ label: 'R2 writes and lists', unit: 'class A', source: R2 },
    ...{ dollars: 4.5, per: MILLION, included: MILLION, roundsUp: true },
  },
  classB: {
    ...{ label: 'R2 reads', unit: 'class B', source: R2 },
    ...{ dollars: 0.36, per: MILLION, included: 10 * MILLION, roundsUp: true },
  },
  lakeStoredGb: {
    ...{ label: 'R2 storage', unit: 'GB-month', source: R2 },
    ...{ dollars: 0.015, per: 1, included: 10, roundsUp: true },
  },
  logEvents: {
    ...{ label: 'Workers Logs', unit: 'log events' },
    // Until 30 November 2026; from 1 December it is $0.25 a GB over 50 GB, and storage over 12 GB-months.
    ...{ source: 'https://developers.cloudflare.com/workers/observability/logs/workers-logs/#pricing' },
    ...{ dollars: 0.6, per: MILLION, included: 20 * MILLION },
  },
}
