import { expect, test } from 'vitest'
import { createBrowserClient } from './browser-client.ts'
import type { Client } from './client.ts'
import { createJournal } from './journal.ts'
import { createNodeClient } from './node-client.ts'
import { loadWebSdk } from './sdk-script.ts'

const ENDPOINT = 'http://collector.invalid'

/** A collector that takes everything, or is away. */
function createCollector() {
  const journal = createJournal()
  const bodies: { stream: string; firstSeq: number; count: number; previous: unknown }[] = []
  let isAway = false
  const fetch = async (_url: unknown, init: { body?: unknown } = {}) => {
    if (isAway) throw new TypeError('fetch failed')
    const bytes = await new Response(init.body as Blob).arrayBuffer()
    const isGzip = new Uint8Array(bytes)[0] === 0x1f
    const stream = new Blob([bytes]).stream()
    const text = await new Response(
      isGzip ? stream.pipeThrough(new DecompressionStream('gzip')) : stream,
    ).text()
    const batch = JSON.parse(text)
    bodies.push({
      stream: batch.stream,
      firstSeq: batch.firstSeq,
      count: batch.batch.length,
      previous: batch.previous,
    })
    return new Response('{"success":true}')
  }
  return {
    ...{ journal, bodies, fetch: fetch as typeof globalThis.fetch },
    setAway(value: boolean) {
      isAway = value
    },
  }
}

/** What a client gave out and what was acknowledged, by stream. */
function streamsOf({ journal }: ReturnType<typeof createCollector>) {
  const { given, acked } = journal.take()
  return { given: Object.fromEntries(given), acked: acked.map(([, first, last]) => last - first + 1) }
}

async function trackAll(client: Client, times: number): Promise<number> {
  let events = 0
  for (let i = 0; i < times; i += 1) {
    events += client.track()
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  return events
}

test('a visitor numbers, delivers what a page before could not, and tells where its stream ended', async () => {
  const collector = createCollector()
  const { journal, fetch } = collector
  const client = createBrowserClient({ index: 1, endpoint: ENDPOINT, journal, fetch, sdk: loadWebSdk() })
  collector.setAway(true)
  const events = await trackAll(client, 4)
  await new Promise((resolve) => setTimeout(resolve, 400))
  // Three views on the first page, one on the second.
  expect(events).toBe(20)
  expect(await client.waiting()).toBe(20)
  collector.setAway(false)
  await client.finish(20_000)
  expect(await client.waiting()).toBe(0)
  const { given, acked } = streamsOf(collector)
  expect(Object.values(given).sort((a, b) => a - b)).toEqual([5, 15])
  expect(acked.reduce((sum, count) => sum + count, 0)).toBe(20)
  const [first = ''] = Object.keys(given).filter((stream) => given[stream] === 15)
  expect(collector.bodies.map(({ previous }) => previous)).toContainEqual({ stream: first, lastSeq: 15 })
})

test('a server numbers, delivers, and says what it holds', async () => {
  const collector = createCollector()
  const { journal, fetch } = collector
  const client = createNodeClient({ index: 1, endpoint: ENDPOINT, journal, fetch })
  collector.setAway(true)
  expect(await trackAll(client, 7)).toBe(7)
  expect(await client.waiting()).toBe(7)
  collector.setAway(false)
  await client.finish(20_000)
  expect(await client.waiting()).toBe(0)
  const { given, acked } = streamsOf(collector)
  expect([Object.values(given), acked]).toEqual([[7], [7]])
  expect(collector.bodies.map(({ stream }) => stream)).toEqual(Object.keys(given))
})

test('what a server gives up at its end is told with its numbers', async () => {
  const collector = createCollector()
  const { journal, fetch } = collector
  const client = createNodeClient({ index: 1, endpoint: ENDPOINT, journal, fetch })
  collector.setAway(true)
  await trackAll(client, 3)
  await client.finish(50)
  const { acked, dropped } = journal.take()
  expect([acked, dropped.map(([, first, last]) => [first, last])]).toEqual([[], [[1, 3]]])
})
