/**
 * The main path on the running stack: how long from `POST` to a row, how many events a second go all the way, and
 * beside it the bare limit, the same rows inserted straight into the same ClickHouse.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { type Stack, startStack } from '@millrace/local/stack'
import { type Measured, type Measurement, quantile } from './measure.ts'

/** Single events sent one after the other for the latency. */
const LATENCY_EVENTS = 60

/** Events sent at once for the throughput. */
const BULK_EVENTS = 50_000

const BATCH_EVENTS = 100

/** Requests under way at once. */
const LANES = 8

/** Measures; about a minute. */
export const measureMainPath: Measurement = async (report) => {
  const dataPath = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const stack = await startStack({ port: 0, clickhousePort: 0, dataPath, cronIntervalMs: 0 })
  const client = createClient({ url: stack.clickhouseUrl, database: 'millrace' })
  try {
    report(`latency of ${LATENCY_EVENTS} single events`)
    const latency = await measureLatency(stack, client)
    report(`${BULK_EVENTS} events in batches of ${BATCH_EVENTS}`)
    const bulk = await measureBulk(stack, client)
    report('the same rows straight into ClickHouse')
    const bare = await measureBareInsert(client)
    const ratio = bulk.storedPerSecond / bare
    return [
      { name: 'POST to row, median', value: quantile(latency, 0.5), unit: 'ms', samples: latency },
      { name: 'POST to row, p95', value: quantile(latency, 0.95), unit: 'ms' },
      { name: 'answered', value: bulk.answeredPerSecond, unit: 'events/s' },
      { name: 'stored', value: bulk.storedPerSecond, unit: 'events/s' },
      { name: 'bare insert of the same rows', value: bare, unit: 'rows/s' },
      { name: 'stored / bare', value: ratio, unit: '×' },
    ] satisfies Measured[]
  } finally {
    await client.close()
    await stack.stop()
    await rm(dataPath, { recursive: true, force: true })
  }
}

function createEvent(index: number) {
  return {
    type: 'track',
    event: `Event ${index % 20}`,
    anonymousId: `visitor-${index % 2_000}`,
    timestamp: new Date().toISOString(),
    properties: {
      sku: `SKU-${index % 500}`,
      price: (index % 1_000) / 10,
      quantity: 1 + (index % 3),
      list: 'Summer sale',
    },
    context: {
      page: {
        url: `https://shop.example/product/${index % 500}`,
        path: `/product/${index % 500}`,
        title: 'Product',
      },
    },
  }
}

async function post(stack: Stack, stream: string, firstSeq: number, count: number): Promise<void> {
  const batch = Array.from({ length: count }, (_, i) => createEvent(firstSeq + i))
  const body = JSON.stringify({ writeKey: 'dev', stream, firstSeq, sentAt: new Date().toISOString(), batch })
  const response = await fetch(`${stack.worker.url}/v1/batch`, { method: 'POST', body })
  if (response.status !== 200)
    throw new Error(`the collector answered ${response.status}: ${await response.text()}`)
}

async function countOf(client: ClickHouseClient, stream: string): Promise<number> {
  const query = 'SELECT toUInt32(uniqExact(message_id)) AS n FROM events WHERE stream = {stream:String}'
  const result = await client.query({ query, query_params: { stream }, format: 'JSONEachRow' })
  const [row] = await result.json<{ n: number }>()
  return row?.n ?? 0
}

async function waitForCount(
  client: ClickHouseClient,
  stream: string,
  count: number,
  pauseMs: number,
): Promise<void> {
  const deadline = Date.now() + 120_000
  while ((await countOf(client, stream)) < count) {
    if (Date.now() > deadline)
      throw new Error(`not all of ${count} events of ${stream} arrived in two minutes`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

async function measureLatency(stack: Stack, client: ClickHouseClient): Promise<number[]> {
  const samples: number[] = []
  for (let seq = 1; seq <= LATENCY_EVENTS; seq++) {
    const startedAt = performance.now()
    await post(stack, 'latency', seq, 1)
    await waitForCount(client, 'latency', seq, 10)
    samples.push(performance.now() - startedAt)
  }
  return samples
}

async function measureBulk(stack: Stack, client: ClickHouseClient) {
  const startedAt = performance.now()
  let next = 1
  const lane = async () => {
    while (next <= BULK_EVENTS) {
      const firstSeq = next
      next += BATCH_EVENTS
      await post(stack, 'bulk', firstSeq, BATCH_EVENTS)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  const answeredSeconds = (performance.now() - startedAt) / 1_000
  await waitForCount(client, 'bulk', BULK_EVENTS, 100)
  const storedSeconds = (performance.now() - startedAt) / 1_000
  return { answeredPerSecond: BULK_EVENTS / answeredSeconds, storedPerSecond: BULK_EVENTS / storedSeconds }
}

/** Rows a second that ClickHouse takes when it gets the stored rows in inserts of 10,000, with nothing in between. */
async function measureBareInsert(client: ClickHouseClient): Promise<number> {
  await client.command({ query: 'CREATE TABLE bare AS events' })
  const result = await client.query({
    query: "SELECT * FROM events FINAL WHERE stream = 'bulk'",
    format: 'JSONEachRow',
  })
  const rows = await result.json<Record<string, unknown>>()
  const startedAt = performance.now()
  for (let at = 0; at < rows.length; at += 10_000) {
    await client.insert({ table: 'bare', values: rows.slice(at, at + 10_000), format: 'JSONEachRow' })
  }
  return rows.length / ((performance.now() - startedAt) / 1_000)
}
