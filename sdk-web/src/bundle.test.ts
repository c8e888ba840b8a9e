/** What is published: built from these sources into memory, weighed, and tried on a page that is a fake. */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import type { WireBatch } from '@millrace/schemas/wire'
import { build } from 'esbuild'
import { type RollupOptions, rollup } from 'rollup'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Millrace } from './api.ts'
import { createFakeStorage, createFakeWindow, settle } from './fakes.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const read = (relative: string) => readFileSync(path(relative), 'utf8')

/** What a visitor pays for each file, in bytes after gzip; for the stub, which is pasted into pages, before. */
const BUDGETS: Record<string, number> = JSON.parse(read('../budgets.json'))

/** Built files by name. */
const files = new Map<string, string>()

/** The script tag's file without any renaming, to be compared with. */
let plain = ''

beforeAll(async () => {
  const { default: builds }: { default: RollupOptions[] } = await import(
    new URL('../rollup.config.mjs', import.meta.url).href
  )
  for (const options of builds) {
    const output = Array.isArray(options.output) ? options.output[0] : options.output
    const bundle = await rollup(options)
    const [chunk] = (await bundle.generate({ ...output, sourcemap: false })).output
    files.set(output?.file?.split('/').at(-1) ?? '', chunk.code)
  }
  const { version } = JSON.parse(read('../package.json'))
  const define = { MILLRACE_VERSION: JSON.stringify(version) }
  const options = { bundle: true, write: false, format: 'iife', define } as const
  plain = (await build({ entryPoints: [path('script.ts')], ...options })).outputFiles[0]?.text ?? ''
}, 120_000)

/** A clock that stands, so that two runs see the same. */
function createSteadyDate(): DateConstructor {
  const now = () => Date.UTC(2026, 0, 1)
  return class extends Date {
    constructor(...args: [] | [string | number]) {
      super(...((args.length > 0 ? args : [now()]) as [number]))
    }
    static override now = now
  } as unknown as DateConstructor
}

/** Random bytes that are none. */
function createSteadyCrypto() {
  let next = 0
  return { getRandomValues: (bytes: Uint8Array) => bytes.map((_, i) => (bytes[i] = next++ % 256)) }
}

/** Opens a page of its own, on which files can be run. */
function openPage({ dataset = { writeKey: 'dev' } as Record<string, string> } = {}) {
  const page = createFakeWindow()
  const bodies: string[] = []
  const urls: string[] = []
  const [localStorage, sessionStorage] = [createFakeStorage(), createFakeStorage()]
  const location = new URL('https://shop.example/list?page=2&utm_source=mail#top')
  const host: Record<string, unknown> = {
    ...{ queueMicrotask, URL, TextEncoder, AbortSignal, Request, Response, Blob, btoa, structuredClone },
    // Nothing by time, and no compression, which takes some.
    ...{ setTimeout: () => 0, setInterval: () => 0, localStorage, sessionStorage, location },
    ...{ Date: createSteadyDate(), Math: Object.assign(Object.create(Math), { random: () => 0.5 }) },
    crypto: createSteadyCrypto(),
    navigator: { language: 'de', onLine: true, sendBeacon: () => false },
    ...{ screen: { width: 1, height: 2 }, devicePixelRatio: 3 },
    history: { pushState() {}, replaceState() {} },
    document: Object.assign(page.window.document, {
      title: 'List',
      referrer: 'https://from.example/',
      cookie: '',
      location,
      currentScript: { dataset, src: 'https://events.example.com/millrace.js' },
    }),
    addEventListener: page.window.addEventListener,
    fetch(url: string, { body }: { body: string }) {
      urls.push(url)
      bodies.push(body)
      return Promise.resolve(new Response('', { status: 200 }))
    },
  }
  host['window'] = host['self'] = host
  const run = (code: string | undefined) => runInNewContext(code ?? '', host)
  const client = (name = 'millrace') => host[name] as Millrace
  return { host, run, client, bodies, urls, page, localStorage, sessionStorage }
}

describe('size', () => {
  test('every file has a budget', () => {
    expect([...files.keys()].sort()).toEqual(Object.keys(BUDGETS).sort())
  })

  test.each(Object.entries(BUDGETS))('%s weighs at most %i bytes', (file, maxBytes) => {
    const code = files.get(file) ?? ''
    const bytes = file === 'stub.js' ? code.trim().length : gzipSync(code, { level: 9 }).length
    expect(bytes).toBeGreaterThan(100)
    expect(bytes).toBeLessThanOrEqual(maxBytes)
  })

  test.each(Object.entries(BUDGETS))('of %s is what the documents say', (file, maxBytes) => {
    const said = `at most ${maxBytes.toLocaleString('en-US')}`
    const isPlugin = !/^(index|millrace|tiny|stub)\./.test(file)
    const document = read(isPlugin ? '../docs/plugins.md' : '../README.md')
    const name = isPlugin ? `@millrace/web/${file.replace('.js', '')}` : file
    expect(
      document.split('\n').filter((line) => line.includes(`${name}\``) && line.includes(said)),
    ).toHaveLength(1)
  })
})

describe('stub', () => {
  test.each(['../README.md', '../../local/demo/index.html'])('is what %s has pasted', (page) => {
    expect(read(page)).toContain(`<script>\n${files.get('stub.js')?.trim()}\n`)
  })
})

// Field names are shortened by the build: this is where one that belongs to the wire would be missed.
describe('script', () => {
  /** A visit that touches all there is; what it sent, what it left in the browser, and what the page was told. */
  async function visit(script: string | undefined) {
    const dataset = { writeKey: 'dev', consent: '{"analytics":"granted","ads":"denied"}', flushAt: '2' }
    const { run, client, bodies, urls, page, host, localStorage, sessionStorage } = openPage({ dataset })
    const told: unknown[] = []
    run(files.get('stub.js'))
    void client().page('List')
    run(script)
    const millrace = client()
    for (const name of ['track', 'event', 'batch', 'dropped', 'consent', 'reset'] as const) {
      millrace.on(name, (...args) => told.push([name, ...args]))
    }
    millrace.use((event) => (event.event === 'Left out' ? null : { ...event, integrations: { all: true } }))
    void millrace.identify('user', { name: 'Ada' }, { timestamp: new Date(Date.UTC(2025, 0, 1)) })
    void millrace.track('Clicked', { price: 12.5 }, { context: { ip: '0.0.0.0' } })
    void millrace.track('Left out')
    void millrace.screen('Cart', 'Open')
    void millrace.group('group', { seats: 3 })
    void millrace.alias('other')
    await millrace.flush()
    void millrace.track('Late', { text: 'x'.repeat(5_000) })
    millrace.consent({ ads: 'granted' })
    page.setVisibility('hidden')
    page.fire('pagehide')
    const user = [millrace.user().id(), millrace.user().anonymousId(), millrace.user().traits()]
    millrace.reset()
    await settle()
    const { cookie } = host['document'] as { cookie: string }
    const kept = { cookie, local: { ...localStorage }, tab: { ...sessionStorage } }
    return { bodies, urls, kept, told, user, dropped: { ...millrace.dropped } }
  }

  test('sends, keeps and tells the same as its source', async () => {
    const [built, source] = [await visit(files.get('millrace.js')), await visit(plain)]
    // Copies, because what runs in another context has prototypes of its own.
    expect(JSON.parse(JSON.stringify(built))).toEqual(JSON.parse(JSON.stringify(source)))
    expect(built.bodies).toEqual(source.bodies)
    expect(built.told.length).toBeGreaterThan(10)
    expect(built.dropped).toEqual({ left_out: 1 })
    expect(Object.keys(built.kept.local)).toContain('millrace.person')
  })

  test('is handed what the stub was given before it came, functions too', async () => {
    const { run, client, bodies } = openPage()
    const told: unknown[] = []
    run(files.get('stub.js'))
    void client().ready(() => told.push('ready'))
    client().on('track', (name) => told.push(name))
    client().use((event) => {
      delete event.properties?.['secret']
    })
    void client().track('Early', { secret: 1, open: 2 }, {}, () => told.push('recorded'))
    run(files.get('millrace.js'))
    await client().flush()
    expect(told.sort()).toEqual(['Early', 'ready', 'recorded'])
    expect(bodies.join()).toContain('"properties":{"open":2}')
  })

  test('speaks the wire, with the stub and its tag', async () => {
    const { urls, bodies } = await visit(files.get('millrace.js'))
    const batches = bodies.map((body): WireBatch => JSON.parse(body))
    const page = {
      path: '/list',
      referrer: 'https://from.example/',
      search: '?page=2&utm_source=mail',
      title: 'List',
      url: 'https://shop.example/list?page=2&utm_source=mail',
    }
    const anonymousId = expect.stringMatching(/^\w{16}$/)
    const timestamp = '2026-01-01T00:00:00.000Z'
    const who = { anonymousId, userId: 'user', timestamp, integrations: { all: true } }
    expect(new Set(urls)).toEqual(new Set(['https://events.example.com/v1/batch']))
    expect(batches[0]).toEqual({
      writeKey: 'dev',
      batchId: expect.stringMatching(/^\w{16}\.1$/),
      stream: expect.stringMatching(/^\w{16}$/),
      firstSeq: 1,
      context: {
        library: { name: '@millrace/web', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
        locale: 'de',
        screen: { width: 1, height: 2, density: 3 },
        timezone: expect.any(String),
        page,
        session: {
          id: expect.stringMatching(/^\w{16}$/),
          index: 1,
          start: timestamp,
          campaign: { utm_source: 'mail' },
        },
        consent: { categoryPreferences: { analytics: true, ads: false } },
      },
      batch: [
        { type: 'page', name: 'List', properties: page, anonymousId, timestamp, integrations: { all: true } },
        { ...who, type: 'identify', traits: { name: 'Ada' }, timestamp: '2025-01-01T00:00:00.000Z' },
        { ...who, type: 'track', event: 'Clicked', properties: { price: 12.5 }, context: { ip: '0.0.0.0' } },
        { ...who, type: 'screen', category: 'Cart', name: 'Open', context: { dropped: { left_out: 1 } } },
        { ...who, type: 'group', groupId: 'group', traits: { seats: 3 }, context: { groupId: 'group' } },
        { ...who, type: 'alias', userId: 'other', previousId: 'user', context: { groupId: 'group' } },
      ],
      sentAt: timestamp,
    })
  })

  test('goes by the name and the collector of its tag, and by its own only', async () => {
    const dataset = { writeKey: 'dev', endpoint: '/events/', global: 'analytics' }
    const { host, run, client, urls, page } = openPage({ dataset })
    const before = new Set(Object.keys(host))
    run(files.get('millrace.js'))
    expect(Object.keys(host).filter((name) => !before.has(name))).toEqual(['analytics'])
    const millrace = client('analytics')
    void millrace.track('A')
    page.fire('pagehide')
    await settle()
    run(files.get('millrace.js'))
    expect(host['analytics']).toBe(millrace)
    expect(urls).toEqual(['/events/v1/batch'])
  })

  test.each([
    [{}, 'writeKey must be a non-empty string, got ""'],
    [{ writeKey: 'dev', flushAt: '0' }, 'flushAt must be an integer >= 1, got 0'],
    [{ writeKey: 'dev', consent: 'perhaps' }, /^consent must be granted, denied or pending/],
  ])('says what is wrong with its tag: %j', (dataset, message) => {
    const { run } = openPage({ dataset: dataset as Record<string, string> })
    expect(() => run(files.get('millrace.js'))).toThrow(message)
  })
})

describe('modules on a server', () => {
  /** Imports files in a process of its own, runs `then` with them, and gives what that prints. */
  async function importAll(names: string[], then: string): Promise<string> {
    const urls = names.map((name) => `data:text/javascript,${encodeURIComponent(files.get(name) ?? '')}`)
    const program = `
      const before = Object.getOwnPropertyNames(globalThis)
      const modules = []
      for (const url of ${JSON.stringify(urls)}) modules.push(await import(url))
      const added = Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name))
      ${then}`
    const args = ['--input-type=module', '--eval', program]
    // It ends by itself unless a timer or a request holds it.
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
    return stdout
  }

  test('leave no trace when they are imported', async () => {
    const names = [...files.keys()].filter((name) => !['millrace.js', 'stub.js'].includes(name))
    const print =
      'console.log(JSON.stringify([added, modules.map((module) => Object.keys(module).length > 0)]))'
    expect(JSON.parse(await importAll(names, print))).toEqual([[], names.map(() => true)])
  })

  test.each(['index.js', 'tiny.js'])(
    '%s gives a client that does nothing, and holds nothing up',
    async (name) => {
      const calls = `
      globalThis.fetch = () => console.log('fetched')
      const millrace = modules[0].createMillrace({ writeKey: 'key', endpoint: '/' })
      for (let i = 0; i < 50; i++) millrace.track('A', { i })
      millrace.page()
      millrace.identify('u', { a: 1 })
      await millrace.flush()
      if (millrace.consent) {
        millrace.consent('denied')
        millrace.reset()
        await Promise.all([millrace.ready(), millrace.group('g'), millrace.alias('a'), millrace.screen()])
        millrace.on('track', () => {})()
        millrace.use(() => null)()
        console.log(millrace.user().id(), millrace.user().anonymousId(), JSON.stringify(millrace.user().traits()))
      }
      console.log('done', JSON.stringify(millrace.dropped))`
      const expected = name === 'tiny.js' ? 'done {"count":0}\n' : 'undefined undefined {}\ndone {}\n'
      expect(await importAll([name], calls)).toBe(expected)
    },
  )
})
