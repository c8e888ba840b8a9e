/** The commands as typed, over a real ClickHouse and a collector that answers as a test wants. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { FetchLike } from '@millrace/node'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClickHouseProcess, startClickHouse } from '../../../local/src/clickhouse/process.ts'
import { migrate } from '../../../local/src/migrate.ts'
import { createSink } from '../fakes.ts'
import { registerQuarantine } from './command.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-quarantine-'))
let clickhouse: ClickHouseProcess

beforeAll(async () => {
  clickhouse = await startClickHouse({ dataPath: directory, port: 0 })
  await migrate(clickhouse.url)
  await fill()
}, 60_000)

afterAll(async () => {
  await clickhouse.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function insert(table: string, rows: object[]): Promise<void> {
  const response = await fetch(`${clickhouse.url}/?database=millrace`, {
    method: 'POST',
    body: `INSERT INTO ${table} FORMAT JSONEachRow\n${rows.map((row) => JSON.stringify(row)).join('\n')}`,
  })
  if (!response.ok) throw new Error(await response.text())
}

const raw = (event: string) =>
  JSON.stringify({ type: 'track', event, userId: 'u', properties: { price: 'free' } })

function refuse(message_id: string, more: object = {}) {
  const text = raw('Order Completed')
  return {
    source: 'shop',
    message_id,
    type: 'track',
    event: 'Order Completed',
    reason: 'plan_violation',
    path: 'properties.price',
    message: 'expected number, found "free"',
    violations: [
      {
        path: 'properties.price',
        rule: 'invalid_type',
        found: '"free"',
        message: 'expected number, found "free"',
      },
    ],
    plan_version: '1-0-0',
    raw: text,
    raw_bytes: Buffer.byteLength(text),
    received_at: '2026-11-20 10:00:00.000',
    batch_id: 'b',
    route: 'batch',
    ...more,
  }
}

async function fill(): Promise<void> {
  await insert('quarantine', [
    ...Array.from({ length: 250 }, (_, n) => refuse(`m-${String(n).padStart(3, '0')}`)),
    refuse('full', {
      reason: 'impossible_time',
      path: 'timestamp',
      received_at: '2026-11-21 10:00:00.123',
      sent_at: '2026-11-21 09:59:00.000',
      stream: 's',
      seq: 7,
      context: '{"locale":"de"}',
      integrations: '{"All":true}',
      request: '{"country":"DE"}',
      user_agent: 'UA/1',
      anonymous_id: 'edge',
      client_anonymous_id: 'client',
    }),
    refuse('cut', { raw: '{"type":"track","ev', reason: 'event_too_large', path: '' }),
    // As the consumers write it: the finished event, after rules and with facts.
    refuse('finished', {
      reason: 'not_storable',
      path: '',
      raw: `${raw('Order Completed').slice(0, -1)},"facts":{"country":"DE"}}`,
    }),
    refuse('hostile', { event: '\u001b[2J', reason: "x' OR 1=1 --" }),
    refuse('elsewhere', { source: 'blog' }),
  ])
  const stored = ['m-000', 'm-249'].map((message_id) => ({
    source: 'shop',
    message_id,
    event: 'x',
    type: 'track',
  }))
  await insert('events', [...stored, { source: 'blog', message_id: 'm-001', event: 'x', type: 'track' }])
}

interface Posted {
  events: Record<string, unknown>[]
}

/** A collector that answers the nth body, from 0, as `answer` says; by default it accepts everything. */
async function run(args: string[], answer?: (body: Posted, call: number, interrupt: () => void) => Response) {
  const [stdout, stderr] = [createSink(), createSink()]
  const bodies: Posted[] = []
  const interruption = new AbortController()
  const fetchFake: FetchLike = async (url, init) => {
    if (!url.includes('/v1/replay')) return fetch(url, init)
    const body = JSON.parse(String(init.body)) as Posted
    bodies.push(body)
    const accepted = { success: true, accepted: body.events.length, receipts: [] }
    return answer?.(body, bodies.length - 1, () => interruption.abort()) ?? Response.json(accepted)
  }
  let exitCode = 0
  const program = new Command().exitOverride()
  registerQuarantine(program, {
    args,
    env: {},
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal: interruption.signal,
    fetch: fetchFake,
    done: (code) => {
      exitCode = code
    },
  })
  const given = ['--source', 'shop', '--clickhouse-url', clickhouse.url]
  const [command = '', ...others] = args
  await program.parseAsync(['quarantine', command, ...given, ...others], { from: 'user' })
  return {
    exitCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
    bodies,
    ids: bodies.flatMap(({ events }) => events.map(({ messageId }) => messageId)),
  }
}

const KEY = ['--secret-key', 'secret']

describe('millrace quarantine list', () => {
  it('counts by name, reason and place, and says what is stored by now', async () => {
    const { stdout, exitCode } = await run(['list'])
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^refused +stored +event +reason +path +first seen +last seen +example id$/)
    expect(lines[1]).toMatch(
      /^ +250 +2 +Order Completed +plan_violation +properties\.price +2026-11-20T10:00:00Z .* m-\d{3}$/,
    )
    expect(lines.length).toBe(7)
    expect([stdout.includes('\u001b'), exitCode]).toEqual([false, 0])
  })

  it.each([
    [['--reason', 'impossible_time'], ['full']],
    [['--since', '2026-11-21'], ['full']],
    [['--until', '2026-11-21', '--reason', 'event_too_large'], ['cut']],
    [['--event', '\u001b[2J'], ['hostile']],
    [['--reason', "x' OR 1=1 --"], ['hostile']],
    [['--event', "' OR 1=1 --"], []],
    [['--reason', '\\'], []],
  ])('takes %j as values, whatever is in them', async (args, examples) => {
    const { stdout } = await run(['list', '--json', ...args])
    expect(JSON.parse(stdout).map(({ example }: { example: string }) => example)).toEqual(examples)
  })

  it.each([
    [['--source', 'nobody'], 'the quarantine of nobody is empty\n'],
    [['--event', 'Nothing'], 'nothing in the quarantine of shop is like that\n'],
    [['--reason', 'too_deep'], 'nothing in the quarantine of shop is like that\n'],
    [['--reason', 'plan'], 'plan is no reason that is known; these are: not_an_object, '],
  ])('says why there is nothing to list: %j', async (args, words) => {
    const { stdout, exitCode } = await run(['list', ...args])
    expect(stdout).toContain(words)
    expect([stdout.includes('no reason'), exitCode]).toEqual([args[1] === 'plan', 0])
  })
})

describe('a source that the configuration does not have', () => {
  const config = (name: string, text: string) => {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  }
  const shop = () =>
    config('shop.config.mjs', "export default { sources: [{ name: 'shop' }, { name: 'blog' }] }")

  it.each([['list'], ['list', '--json'], ['replay', '--dry-run']])(
    'is told where there is nothing: %s %s',
    async (...args) => {
      const path = shop()
      const { stderr, exitCode } = await run([...args, '--source', 'shp', '--config', path])
      expect(stderr).toBe(`millrace: warning: no source of ${path} is called shp; known: shop, blog, dev\n`)
      expect(exitCode).toBe(0)
    },
  )

  it.each([
    ['of the configuration', ['--source', 'shop', '--event', 'Nothing'], shop],
    ['of development', ['--source', 'dev'], shop],
    [
      'that is gone but has events',
      ['--source', 'shop'],
      () => config('none.config.mjs', 'export default { sources: [] }'),
    ],
    ['where there is no configuration', ['--source', 'shp'], () => join(directory, 'nowhere.ts')],
    [
      'where it cannot be loaded',
      ['--source', 'shp'],
      () => config('bad.config.mjs', "throw new Error('no')"),
    ],
  ])('is not meant by one %s', async (_, args, path) => {
    const { stderr, exitCode } = await run(['list', ...args, '--config', path()])
    expect([stderr, exitCode]).toEqual(['', 0])
  })
})

describe('millrace quarantine show', () => {
  it('prints everything about one event', async () => {
    const { stdout, exitCode } = await run(['show', 'full'])
    expect(stdout).toMatchInlineSnapshot(`
      "full
        event         Order Completed, track
        refused       impossible_time at timestamp: expected number, found "free"
        plan version  1-0-0
        received      2026-11-21T10:00:00.123Z
        sent          2026-11-21T09:59:00.000Z by the client's clock
        route         batch
        place         7 in the stream s
        batch         b, position 0
        user agent    UA/1
        stored        no
        violation     properties.price: expected number, found "free" (invalid_type)

      event as it arrived:
      {
        "type": "track",
        "event": "Order Completed",
        "userId": "u",
        "properties": {
          "price": "free"
        }
      }

      the batch's context:
      {
        "locale": "de"
      }

      the batch's integrations:
      {
        "All": true
      }

      the request:
      {
        "country": "DE"
      }
      "
    `)
    expect(exitCode).toBe(0)
  })

  it('says that the text was cut, and shows what there is', async () => {
    const { stdout } = await run(['show', 'cut'])
    expect(stdout).toMatch(/event as it arrived, the first 19 of \d+ bytes:\n\{"type":"track","ev\n/)
  })

  it('says that an event which was to be stored is not as it arrived', async () => {
    const { stdout } = await run(['show', 'finished'])
    expect(stdout).toContain('\nevent as it was to be stored:\n{')
    expect(stdout).not.toContain('as it arrived')
  })

  it('says that there is none of that id', async () => {
    const { stderr, exitCode } = await run(['show', 'elsewhere'])
    expect([stderr, exitCode]).toEqual(['millrace: the quarantine of shop has no event elsewhere\n', 1])
  })
})

describe('millrace quarantine replay', () => {
  it('sends what is not stored, whole, in batches, and adds up', async () => {
    const { stdout, exitCode, bodies, ids } = await run(['replay', '--json', ...KEY])
    expect(JSON.parse(stdout)).toEqual({
      isDryRun: false,
      found: 254,
      stored: 2,
      altered: 2,
      sendable: 0,
      accepted: 250,
      refused: {},
    })
    expect(bodies.map(({ events }) => events.length)).toEqual([100, 100, 50])
    expect(new Set(ids).size).toBe(250)
    const isSent = ['m-000', 'cut', 'finished', 'elsewhere'].map((id) => ids.includes(id))
    expect(isSent).toEqual([false, false, false, false])
    expect(bodies.flatMap(({ events }) => events).find(({ messageId }) => messageId === 'full')).toEqual({
      raw: raw('Order Completed'),
      messageId: 'full',
      type: 'track',
      receivedAt: '2026-11-21T10:00:00.123Z',
      sentAt: '2026-11-21T09:59:00.000Z',
      batchId: 'b',
      stream: 's',
      seq: 7,
      route: 'batch',
      context: { locale: 'de' },
      integrations: { All: true },
      userAgent: 'UA/1',
      request: { country: 'DE' },
      anonymousId: 'edge',
      clientAnonymousId: 'client',
    })
    expect(bodies[0]?.events.find(({ messageId }) => messageId === 'm-001')).toEqual({
      raw: raw('Order Completed'),
      messageId: 'm-001',
      type: 'track',
      receivedAt: '2026-11-20T10:00:00.000Z',
      batchId: 'b',
      route: 'batch',
    })
    expect(exitCode).toBe(0)
  })

  it('tells by reason what is refused again', async () => {
    const receipts = [0, 1].map((index) => ({ index, status: 'quarantined', reason: 'plan_violation' }))
    const { stdout, exitCode } = await run(['replay', '--reason', 'plan_violation', ...KEY], ({ events }) =>
      Response.json({ success: true, accepted: events.length - 2, receipts }),
    )
    expect(stdout).toMatchInlineSnapshot(`
      "quarantine of shop, replayed

      in the quarantine              250
        stored already                 2  under the same id; not sent
        accepted                     242  on their way to the warehouse
        quarantined: plan_violation    6
      "
    `)
    expect(exitCode).toBe(0)
  })

  it.each(['event_too_large', 'not_storable'])(
    'sends nothing that it does not have as it was sent, and says so: %s',
    async (reason) => {
      const { stdout, exitCode, bodies } = await run(['replay', '--reason', reason, ...KEY])
      const words = 'the quarantine does not have them as they were sent; not sent'
      expect(stdout).toMatch(new RegExp(`in the quarantine +1\\n {2}not replayable +1 {2}${words}\\n$`))
      expect([bodies, exitCode]).toEqual([[], 0])
    },
  )

  it('keeps a request within 400 KB', async () => {
    const long = JSON.stringify({ type: 'track', event: 'Long', userId: 'u', fill: '"'.repeat(15_000) })
    const rows = Array.from({ length: 30 }, (_, n) =>
      refuse(`long-${n}`, { source: 'long', raw: long, raw_bytes: Buffer.byteLength(long) }),
    )
    await insert('quarantine', rows)
    const { bodies, ids } = await run(['replay', '--source', 'long', ...KEY])
    expect(ids.length).toBe(30)
    expect(bodies.every((body) => Buffer.byteLength(JSON.stringify(body)) <= 400 * 1024 + 100)).toBe(true)
    expect(bodies.length).toBeGreaterThan(1)
  })

  it('sends nothing in a dry run and needs no key', async () => {
    const { stdout, bodies } = await run(['replay', '--dry-run', '--reason', 'plan_violation'])
    expect(stdout).toMatch(
      /dry run, nothing was sent\n\nin the quarantine +250\n {2}stored already +2 .*\n {2}would be sent +248\n$/,
    )
    expect(bodies).toEqual([])
  })

  it('stops at the first refusal and says what was answered till then', async () => {
    const { stdout, exitCode, bodies } = await run(['replay', ...KEY], (_body, call) =>
      call === 0
        ? Response.json({ success: true, accepted: 100, receipts: [] })
        : Response.json({ success: false, message: 'unknown key' }, { status: 401 }),
    )
    expect(stdout).toMatch(/^quarantine of shop, not replayed to its end\n\nread so far +\d+\n/)
    expect(stdout).toMatch(/ accepted +100 /)
    const stop =
      'Stopped: the collector at http://127.0.0.1:8787 answers HTTP 401: unknown key. Running it again is safe'
    expect(stdout).toContain(stop)
    expect([exitCode, bodies.length]).toEqual([1, 2])
  })

  it('ends cleanly when it is interrupted', async () => {
    const { stdout, exitCode, bodies } = await run(['replay', ...KEY], (_body, _call, interrupt) => {
      interrupt()
      return Response.json({ success: true, accepted: 100, receipts: [] })
    })
    expect(stdout).toContain('Interrupted: this is what was answered so far.')
    expect([exitCode, bodies.length]).toEqual([130, 1])
  })
})

describe('a ClickHouse that cannot be asked', () => {
  it.each([
    [
      'is not there',
      ['--clickhouse-url', 'http://127.0.0.1:9'],
      'ClickHouse does not answer at http://127.0.0.1:9',
    ],
    ['has no such database', ['--database', 'nowhere'], 'answers HTTP 404: Code: 81.'],
  ])('is one line and exit code 1 when it %s', async (_what, args, message) => {
    const { stderr, exitCode } = await run(['list', ...args])
    expect(stderr).toContain(message)
    expect([stderr.split('\n').length, exitCode]).toEqual([2, 1])
  })
})
