/** From a click in one Chromium to the number on the page in another: at rest, and beside a load. */

import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../../../test/support/browser.ts'
import { startTestStack, type TestStack } from '../../../test/support/stack.ts'
import { type Measured, quantile } from '../measure.ts'

const CLICKS = Number(process.env['MILLRACE_BENCH_CLICKS'] ?? 200)

/** Events a second of the load, in requests of so many. */
const LOAD_RATE = 2_000
const LOAD_BATCH = 20

/** Between two clicks: not a divisor of the queue's wait, so that they fall everywhere in it. */
const PAUSE_MS = 370

const MAX_WAIT_MS = 15_000

/** Measures on a stack of its own. */
export async function measureLatency(report: (line: string) => void): Promise<Measured[]> {
  const stack = await startTestStack()
  const browser = await launchBrowser()
  try {
    const pages = await openPages(stack, browser)
    const rest = await clickAll(pages)
    report(`at rest: p50 ${quantile(rest, 0.5).toFixed(0)} ms`)
    const load = startLoad(stack)
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    const loaded = await clickAll(pages)
    const sent = await load.stop()
    report(`at ${sent.toFixed(0)} events/s: p50 ${quantile(loaded, 0.5).toFixed(0)} ms`)
    return [
      ...describe('from click to the page, at rest', rest),
      ...describe(`from click to the page, beside ${sent.toFixed(0)} events/s`, loaded),
      { name: 'of that the wait of the local queue, at most', value: 1_000, unit: 'ms' },
    ]
  } finally {
    await browser.close()
    await stack.stop()
  }
}

function describe(name: string, samples: number[]): Measured[] {
  return [
    { name: `${name}, p50`, value: quantile(samples, 0.5), unit: 'ms', samples },
    { name: `${name}, p95`, value: quantile(samples, 0.95), unit: 'ms', aim: { atMost: 1_500 } },
  ]
}

interface Pages {
  shop: Page
  dashboard: Page
}

/** Two profiles, as of two people. */
async function openPages(stack: TestStack, browser: Browser): Promise<Pages> {
  const [shop, dashboard] = await Promise.all([
    (await browser.newContext()).newPage(),
    (await browser.newContext()).newPage(),
  ])
  await shop.goto(`${stack.worker.url}/demo/`)
  await dashboard.goto(`${stack.worker.url}/dashboard`)
  await dashboard.locator('#happening').waitFor()
  return { shop, dashboard }
}

/** Event that is clicked; among the few names there are, the page shows its number. */
const NAME = 'Latency Click'

/** Clicks one after the other, each a `track()`, and waits until the number of them on the other page is one more. */
async function clickAll({ shop, dashboard }: Pages): Promise<number[]> {
  const samples: number[] = []
  for (let index = 0; index < CLICKS; index++) {
    const before = await dashboard.evaluate(readNumber, NAME)
    const seen = dashboard.evaluate(waitForNumber, { name: NAME, above: before, timeoutMs: MAX_WAIT_MS })
    const at = await shop.evaluate((event) => {
      const { millrace } = globalThis as unknown as { millrace: { track: (name: string) => void } }
      millrace.track(event)
      return Date.now()
    }, NAME)
    samples.push((await seen) - at)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  return samples
}

/** In the page: the number beside a name, 0 where it is not shown. */
function readNumber(name: string): number {
  for (const row of document.querySelectorAll('#happening .legend tr')) {
    const cells = [...row.children].map((cell) => cell.textContent ?? '')
    if (cells.some((text) => text.includes(name))) return Number((cells.at(-1) ?? '').replaceAll(/\D/g, ''))
  }
  return 0
}

/** In the page: resolves with the time when the number has changed. */
function waitForNumber({
  name,
  above,
  timeoutMs,
}: {
  name: string
  above: number
  timeoutMs: number
}): Promise<number> {
  const read = (): number => {
    for (const row of document.querySelectorAll('#happening .legend tr')) {
      const cells = [...row.children].map((cell) => cell.textContent ?? '')
      if (cells.some((text) => text.includes(name))) return Number((cells.at(-1) ?? '').replaceAll(/\D/g, ''))
    }
    return 0
  }
  return new Promise((resolve, reject) => {
    const look = () => {
      if (read() <= above) return
      clearTimeout(timer)
      observer.disconnect()
      resolve(Date.now())
    }
    const observer = new MutationObserver(look)
    const timer = setTimeout(() => {
      observer.disconnect()
      reject(new Error(`the number of ${name} stayed ${above}`))
    }, timeoutMs)
    observer.observe(document.body, { subtree: true, childList: true, characterData: true })
    look()
  })
}

/** Posts batches at a steady rate until it is stopped; gives the rate that was reached. */
function startLoad(stack: TestStack): { stop: () => Promise<number> } {
  let sent = 0
  let isStopped = false
  const startedAt = Date.now()
  const posting = new Set<Promise<unknown>>()
  const run = async (): Promise<void> => {
    while (!isStopped) {
      const due = Math.floor((((Date.now() - startedAt) / 1_000) * LOAD_RATE) / LOAD_BATCH)
      while (sent < due && posting.size < 20) {
        const batch = Array.from({ length: LOAD_BATCH }, (_, index) => loadEvent(sent, index))
        sent += 1
        const post = stack.post({ batch }).then((response) => response.arrayBuffer())
        posting.add(post)
        void post.finally(() => posting.delete(post))
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await Promise.all(posting)
  }
  const running = run()
  return {
    async stop() {
      const rate = (sent * LOAD_BATCH) / ((Date.now() - startedAt) / 1_000)
      isStopped = true
      await running
      return rate
    },
  }
}

function loadEvent(request: number, index: number): object {
  const visitor = `load ${(request * 7 + index) % 3_000}`
  const page = {
    path: `/p/${(request + index) % 40}`,
    url: `https://shop.example/p/${(request + index) % 40}`,
  }
  return {
    type: index % 2 === 0 ? 'page' : 'track',
    ...(index % 2 === 0 ? { properties: page } : { event: `Load ${index % 2}` }),
    messageId: `load-${request}x${index}`,
    anonymousId: visitor,
    context: { page },
  }
}
