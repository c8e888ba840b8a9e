/** From the request to those who watch: pushed within seconds, resumed, closed, written to ClickHouse, equal to the roll-ups. */

import type { LiveMessage, LiveWindow, SnapshotMessage, TailEvent } from '@millrace/schemas/live'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorker } from '../../local/src/worker.ts'
import { CLOCK_PATH } from '../support/clock-worker.ts'
import { countLive, watchLive } from '../support/live-client.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { withWorkerBundle } from '../support/worker-bundle.ts'

const ENTRY = `
import { withClock } from './test/support/clock-worker.ts'
import worker from './worker.ts'
export { LiveAggregator } from './worker.ts'
export default withClock(worker)
`

let stack: TestStack
beforeAll(async () => {
  stack = await withWorkerBundle({ entry: ENTRY }, (scriptPath) => startTestStack({ scriptPath }))
})
afterAll(() => stack.stop())

const post = async (...batch: object[]) => {
  expect((await stack.post({ batch })).status).toBe(200)
}

let events = 0
const click = (event: string, more: object = {}) => {
  events += 1
  return { type: 'track', event, messageId: `e-${events}`, anonymousId: `visitor ${events % 3}`, ...more }
}

const ask = (path: string, token = 'dev-read') =>
  fetch(`${stack.worker.url}${path}`, { headers: { authorization: `Bearer ${token}` } })

const advance = (ms: number) =>
  fetch(`${stack.worker.url}${CLOCK_PATH}`, { method: 'POST', body: String(ms) })

const windowsOf = async (name: string): Promise<LiveWindow[]> => {
  const { windows }: { windows: LiveWindow[] } = await (await ask(`/v1/live/windows?name=${name}`)).json()
  return windows
}

const firstOf = async (client: Awaited<ReturnType<typeof watchLive>>): Promise<LiveMessage> => {
  await waitFor(() => client.messages.length > 0)
  return client.messages[0]?.message as LiveMessage
}

const tailOf = (client: Awaited<ReturnType<typeof watchLive>>): TailEvent[] =>
  client.messages.flatMap(({ message }) => ('events' in message ? (message.events ?? []) : []))

describe('who watches', () => {
  it('sees what was there, then what comes, with its enrichment and its violations', async () => {
    await post(click('Before'))
    await waitFor(async () => (await windowsOf('events')).length > 0)
    const client = await watchLive(stack.worker.url)
    const first = await firstOf(client)
    expect(first).toMatchObject({ type: 'snapshot', source: 'dev' })
    expect(countLive((first as SnapshotMessage).windows, 'events', 'Before')).toBe(1)
    await post(click('After'), click('After'), click('Product Viewed', { properties: { price: -1 } }))
    await post({ type: 'track', messageId: 'bad' })
    await waitFor(() => countLive(client.windows.values(), 'events', 'After') === 2, undefined, 10_000)
    const tail = await waitFor(
      () => tailOf(client),
      (all) => all.some(({ status }) => status === 'quarantined'),
    )
    const viewed = tail.find(({ event }) => event === 'Product Viewed')
    expect(viewed).toMatchObject({ status: 'accepted', row: { anonymous_id: expect.any(String) } })
    expect(viewed?.violations?.map(({ path }) => path)).toContain('properties.price')
    expect(tail.find(({ status }) => status === 'quarantined')).toMatchObject({
      messageId: 'bad',
      reason: expect.any(String),
    })
    client.close()
    await client.closed
  })

  it('gets at most two messages a second, however much happens', async () => {
    const client = await watchLive(stack.worker.url)
    for (let i = 0; i < 30; i++) {
      await post(click('Often'))
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await waitFor(() => countLive(client.windows.values(), 'events', 'Often') === 30)
    const times = client.messages.map(({ at }) => at).slice(1)
    const gaps = times.slice(1).map((at, index) => at - (times[index] as number))
    // By the clock of this process, which is not the one that counts the half seconds.
    expect(Math.min(...gaps)).toBeGreaterThan(400)
    client.close()
  })

  it('goes on where it was', async () => {
    const first = await watchLive(stack.worker.url)
    await waitFor(() => first.version() !== '')
    const since = first.version()
    first.close()
    await post(click('Meanwhile'))
    await waitFor(async () => countLive(await windowsOf('events'), 'events', 'Meanwhile') === 1)
    const second = await watchLive(stack.worker.url, { search: `?since=${since}` })
    const message = await firstOf(second)
    expect(message.type).toBe('change')
    expect(countLive(second.windows.values(), 'events', 'Meanwhile')).toBe(1)
    second.close()
    const other = await watchLive(stack.worker.url, { search: '?since=another.12' })
    expect((await firstOf(other)).type).toBe('snapshot')
    other.close()
  })

  it('that takes nothing gets nothing more, and then all at once', async () => {
    const client = await watchLive(stack.worker.url, { acknowledges: false })
    await waitFor(() => client.messages.length === 1)
    await post(click('Slow'))
    await waitFor(async () => countLive(await windowsOf('events'), 'events', 'Slow') === 1)
    await post(click('Slow'))
    await waitFor(async () => countLive(await windowsOf('events'), 'events', 'Slow') === 2)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(client.messages).toHaveLength(1)
    client.say({ type: 'ack', version: client.version() })
    await waitFor(() => countLive(client.windows.values(), 'events', 'Slow') === 2)
    expect(client.messages).toHaveLength(2)
    client.close()
  })

  it('may choose events by filters', async () => {
    const client = await watchLive(stack.worker.url, {
      search: `?only=events&status=accepted&filter=${encodeURIComponent('properties.plan:is:pro')}`,
    })
    await waitFor(() => client.messages.length === 1)
    await post(
      click('Chosen', { properties: { plan: 'pro' } }),
      click('Other', { properties: { plan: 'free' } }),
    )
    await waitFor(() => tailOf(client).some(({ event }) => event === 'Chosen'))
    expect(tailOf(client).map(({ event }) => event)).not.toContain('Other')
    expect(client.windows.size).toBe(0)
    client.close()
  })

  it('of another source, or of none, is refused', async () => {
    await expect(watchLive(stack.worker.url, { token: 'nobody' })).rejects.toThrow('refused')
    const response = await ask('/v1/live/windows', 'nobody')
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'unknown_read_token' }])
  })

  it('can be two hundred at once', async () => {
    const clients = await Promise.all(Array.from({ length: 200 }, () => watchLive(stack.worker.url)))
    await waitFor(() => clients.every(({ messages }) => messages.length > 0))
    await post(click('Everybody'))
    const count = (client: (typeof clients)[number]) =>
      countLive(client.windows.values(), 'events', 'Everybody')
    await waitFor(() => clients.every((client) => count(client) === 1))
    for (const client of clients) client.close()
    await Promise.all(clients.map(({ closed }) => closed))
  })
})

describe('the same by server-sent events', () => {
  it('is a snapshot and then changes', async () => {
    const controller = new AbortController()
    const response = await fetch(`${stack.worker.url}/v1/live`, {
      headers: { authorization: 'Bearer dev-read', accept: 'text/event-stream' },
      signal: controller.signal,
    })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    let text = ''
    const reading = (async () => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += new TextDecoder().decode(chunk)
      }
    })().catch(() => {
      // Aborted below.
    })
    await waitFor(() => /^event: snapshot\nid: \S+\ndata: \{.*\}\n\n/.test(text))
    await post(click('Streamed'))
    await waitFor(() =>
      text.split('\n').some((line) => line.startsWith('data: ') && line.includes('"Streamed"')),
    )
    expect(text).toContain('event: change\n')
    controller.abort()
    await reading
  })
})

describe('windows', () => {
  it('are there after the Worker was restarted, and who watched is told that it is gone', async () => {
    await post(click('Kept'))
    await waitFor(async () => countLive(await windowsOf('events'), 'events', 'Kept') === 1)
    const client = await watchLive(stack.worker.url)
    const { port, stop } = stack.worker
    await stop()
    expect(await client.closed).toBeGreaterThan(1000)
    const { dataPath, clickhouseUrl } = stack
    stack.worker = await withWorkerBundle({ entry: ENTRY }, (scriptPath) =>
      startWorker({ port, dataPath, clickhouseUrl, scriptPath }),
    )
    expect(countLive(await windowsOf('events'), 'events', 'Kept')).toBe(1)
    const again = await watchLive(stack.worker.url, { search: `?since=${client.version()}` })
    await waitFor(() => countLive(again.windows.values(), 'events', 'Kept') === 1)
    again.close()
  })

  it('close though nothing comes, go to ClickHouse once, and equal the roll-ups', async () => {
    const page = (path: string) => ({
      ...{ type: 'page', anonymousId: 'reader', properties: { path, url: `https://shop.example${path}` } },
      context: { page: { path, url: `https://shop.example${path}`, referrer: 'https://www.google.com/' } },
    })
    const products = [{ product_id: 'p', category: 'Home', price: 2.5, quantity: 4 }]
    await post(
      ...[page('/'), page('/'), page('/about')],
      click('Order Completed', { properties: { revenue: 12, currency: 'EUR', products } }),
      click('Web Vital', { properties: { name: 'LCP', value: 1_200 } }),
    )
    await waitFor(async () => countLive(await windowsOf('events'), 'events', 'page') === 3)
    await advance(15 * 60_000)
    const closed = await waitFor(
      () => windowsOf('events'),
      (windows) => windows.every(({ state }) => state !== 'provisional'),
    )
    const rows = await waitFor(
      () =>
        stack.query<{ event: string; events: string; states: string[] }>(
          `SELECT key[1] AS event, sum(events) AS events, groupUniqArray(state) AS states
FROM live_windows_latest WHERE source = 'dev' AND name = 'events' GROUP BY event ORDER BY event`,
        ),
      (found) => found.some(({ event, events: count }) => event === 'Often' && Number(count) === 30),
    )
    const live = new Map(rows.map(({ event, events: count }) => [event, Number(count)]))
    const inObject = new Map<string, number>()
    for (const { groups } of closed)
      for (const { key, events: count } of groups)
        inObject.set(key[0] ?? '', (inObject.get(key[0] ?? '') ?? 0) + count)
    expect(live).toEqual(inObject)
    const rolled = await waitFor(
      async () => {
        await stack.worker.triggerCron()
        return stack.query<{ event: string; events: string }>(
          `SELECT event, sum(events) AS events FROM rollup_minute FINAL WHERE source = 'dev' AND measure = '' GROUP BY event`,
        )
      },
      (found) => found.length === live.size,
      60_000,
    )
    expect(new Map(rolled.map(({ event, events: count }) => [event, Number(count)]))).toEqual(live)
    expect(await stack.query('SELECT * FROM live_differences')).toEqual([])
  })

  it('go to ClickHouse with all that they measure, those of every definition', async () => {
    const definitions = ((await (await ask('/v1/live/windows')).json()) as SnapshotMessage).definitions
    const filled = new Set<string>()
    for (const { name } of definitions)
      if ((await windowsOf(name)).some(({ events, state }) => events > 0 && state === 'final'))
        filled.add(name)
    expect(filled).toContain('top_pages')
    await waitFor(
      () => stack.query<{ name: string }>(`SELECT DISTINCT name FROM live_windows WHERE source = 'dev'`),
      (found) => [...filled].every((name) => found.some((row) => row.name === name)),
    )
    const inObject = (await windowsOf('top_pages')).flatMap(({ groups }) =>
      groups.flatMap(({ values }) => values['pages'] as { value: string; count: number }[]),
    )
    const [stored] = await stack.query<{ pages: string; views: string }>(`
SELECT arrayStringConcat(arraySort(groupUniqArray(top.value)), ' ') AS pages, sum(top.count) AS views
FROM live_windows_latest ARRAY JOIN tops['pages'] AS top WHERE source = 'dev' AND name = 'top_pages'`)
    expect(stored?.pages).toBe([...new Set(inObject.map(({ value }) => value))].sort().join(' '))
    expect(Number(stored?.views)).toBe(inObject.reduce((sum, { count }) => sum + count, 0))
    const { health } = (await (await ask('/v1/live/windows')).json()) as SnapshotMessage
    expect(health.stages.find(({ stage }) => stage === 'closed')?.lagMs).toBe(0)
  })

  it('that are corrected get another version', async () => {
    const [window] = await windowsOf('events')
    const timestamp = new Date((window?.start ?? 0) + 1).toISOString()
    await post(click('Late', { timestamp }))
    const corrected = await waitFor(
      async () => (await windowsOf('events')).find(({ start }) => start === window?.start),
      (found) => found?.state === 'corrected',
    )
    expect(corrected).toMatchObject({ version: 2, events: (window?.events ?? 0) + 1 })
  })

  it('tell how the pipeline is', async () => {
    const lagOf = (health: SnapshotMessage['health'], name: string) =>
      health.stages.find(({ stage }) => stage === name)?.lagMs
    const health = await waitFor(
      async () => {
        await stack.worker.triggerCron()
        return ((await (await ask('/v1/live/windows')).json()) as SnapshotMessage).health
      },
      (found) => lagOf(found, 'warehouse') === 0,
    )
    expect(health.stages.map(({ stage }) => stage)).toEqual([
      'live',
      'warehouse',
      'computed',
      'lake',
      'closed',
    ])
    expect(health.deadLetters).toBe(0)
  })
})
