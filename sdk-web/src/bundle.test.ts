/** What is published: built from these sources into memory, weighed, and tried on a page that is a fake. */

import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import type { WireBatch } from '@millrace/schemas/wire'
import { type RollupOptions, rollup } from 'rollup'
import { beforeAll, describe, expect, test } from 'vitest'
import { createFakeStorage, createFakeWindow, settle } from './fakes.ts'

/** What a visitor pays for each file, in bytes. */
const BUDGETS = { 'index.js': 3 * 1024, 'millrace.js': 3.2 * 1024 }

/** The stub is pasted into pages, so it is not compressed. */
const MAX_STUB_BYTES = 400

const files = new Map<string, string>()

beforeAll(async () => {
  const { default: builds }: { default: RollupOptions[] } = await import(
    new URL('../rollup.config.mjs', import.meta.url).href
  )
  for (const build of builds) {
    const output = Array.isArray(build.output) ? build.output[0] : build.output
    const bundle = await rollup(build)
    const [chunk] = (await bundle.generate({ ...output, sourcemap: false })).output
    files.set(output?.file?.split('/').at(-1) ?? '', chunk.code)
  }
})

/** Runs the script tag's file in a page of its own. */
function load({ dataset }: { dataset: Record<string, string> }) {
  const page = createFakeWindow()
  const bodies: WireBatch[] = []
  const urls: string[] = []
  const location = new URL('https://shop.example/list?page=2#top')
  const host: Record<string, unknown> = {
    ...{ setTimeout, queueMicrotask, URL, TextEncoder, AbortSignal, Request, btoa, crypto, location },
    ...{ localStorage: createFakeStorage(), sessionStorage: createFakeStorage() },
    ...{ navigator: { language: 'de' }, screen: { width: 1, height: 2 }, devicePixelRatio: 3 },
    document: Object.assign(page.window.document, {
      title: 'List',
      referrer: 'https://from.example/',
      currentScript: { dataset, src: 'https://events.example.com/millrace.js' },
    }),
    addEventListener: page.window.addEventListener,
    fetch(url: string, { body }: { body: string }) {
      urls.push(url)
      bodies.push(JSON.parse(body))
      return Promise.resolve(new Response('', { status: 200 }))
    },
  }
  host['window'] = host['self'] = host
  const run = (file: string) => runInNewContext(files.get(file) ?? '', host)
  return { host, run, bodies, urls, page }
}

interface Global {
  track(event: string, properties?: object): void
  page(name?: string): void
  identify(userId: string, traits?: object): void
  flush(): Promise<void>
}

describe('bundle', () => {
  test.each(Object.entries(BUDGETS))('%s weighs at most %d bytes (gzip)', (file, maxBytes) => {
    expect(gzipSync(files.get(file) ?? '', { level: 9 }).length).toBeLessThanOrEqual(maxBytes)
    expect(files.get(file)?.length).toBeGreaterThan(1_000)
  })

  test('stub weighs at most 400 bytes, and is what the README and the demo shop have pasted', () => {
    const stub = files.get('stub.js')?.trim() ?? ''
    expect(stub.length).toBeLessThanOrEqual(MAX_STUB_BYTES)
    for (const page of ['../README.md', '../../local/demo/index.html']) {
      expect(readFileSync(new URL(page, import.meta.url), 'utf8')).toContain(`<script>\n${stub}\n`)
    }
  })

  // Field names are shortened by the build: this is where one that belongs to the wire would be missed.
  test('script speaks the wire, with the stub and its tag', async () => {
    const { host, run, bodies, urls } = load({ dataset: { writeKey: 'dev' } })
    run('stub.js')
    const stub = host['millrace'] as Global
    stub.page('List')
    run('millrace.js')
    const client = host['millrace'] as Global
    client.identify('user', { name: 'Ada' })
    client.track('Clicked', { price: 12.5 })
    await client.flush()
    const page = {
      path: '/list',
      referrer: 'https://from.example/',
      search: '?page=2',
      title: 'List',
      url: 'https://shop.example/list?page=2',
    }
    const [timestamp, anonymousId] = [
      expect.stringMatching(/^\d{4}-.*Z$/),
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]
    const stream = expect.stringMatching(/^\w{16}$/)
    expect(urls).toEqual(['https://events.example.com/v1/batch'])
    expect(bodies).toEqual([
      {
        writeKey: 'dev',
        batchId: expect.stringMatching(/^\w{16}\.1$/),
        stream,
        firstSeq: 1,
        context: {
          library: { name: '@millrace/web', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
          locale: 'de',
          screen: { width: 1, height: 2, density: 3 },
          timezone: expect.any(String),
          page,
        },
        batch: [
          { type: 'page', name: 'List', properties: page, anonymousId, timestamp },
          { type: 'identify', traits: { name: 'Ada' }, userId: 'user', anonymousId, timestamp },
          {
            type: 'track',
            event: 'Clicked',
            properties: { price: 12.5 },
            userId: 'user',
            anonymousId,
            timestamp,
          },
        ],
        sentAt: timestamp,
      },
    ])
  })

  test('script goes by the name and the collector of its tag, and by its own only', async () => {
    const { host, run, urls, page } = load({
      dataset: { writeKey: 'dev', endpoint: '/events/', global: 'analytics' },
    })
    const before = new Set(Object.keys(host))
    run('millrace.js')
    expect(Object.keys(host).filter((name) => !before.has(name))).toEqual(['analytics'])
    const client = host['analytics'] as Global
    client.track('A')
    page.fire('pagehide')
    await settle()
    run('millrace.js')
    expect(host['analytics']).toBe(client)
    expect(urls).toEqual(['/events/v1/batch'])
  })

  test('script without a write key says so', () => {
    const { run } = load({ dataset: {} })
    expect(() => run('millrace.js')).toThrow('writeKey must be a non-empty string, got ""')
  })

  test('module is imported on a server without a trace', async () => {
    const before = Object.keys(globalThis)
    const { createMillrace } = await import(
      `data:text/javascript,${encodeURIComponent(files.get('index.js') ?? '')}`
    )
    expect(Object.keys(globalThis)).toEqual(before)
    const client = createMillrace({ writeKey: 'key', endpoint: '/' })
    client.track('A')
    await client.flush()
  })
})
