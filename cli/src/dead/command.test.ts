/** The commands as typed, over a collector of a few letters. */

import { Readable } from 'node:stream'
import type { FetchLike } from '@millrace/node'
import type { DeadLetter } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { runProgram } from '../program.ts'

const letter = (id: string, more: Partial<DeadLetter> = {}): DeadLetter => ({
  key: `dead/2026-11-21/${id}.json`,
  kind: 'refused',
  source: 'shop',
  sink: 'warehouse',
  error: 'Code: 469. Constraint no_poison',
  messageId: `q-${id}`,
  events: 3,
  bytes: 1_234,
  storedAt: '2026-11-21T10:00:00.123Z',
  ...more,
})

const PART: DeadLetter = {
  key: 'dead/parts/source=shop/1795330800000-ab.parquet',
  kind: 'part',
  source: 'shop',
  error: 'not Parquet',
  bytes: 9,
  storedAt: '2026-11-21T09:00:00.000Z',
}

const UNREADABLE: DeadLetter = {
  key: 'dead/2026-11-20/bad.json',
  kind: 'unreadable',
  error: 'an envelope must be a JSON object',
  messageId: 'bad',
  bytes: 7,
  storedAt: '2026-11-20T09:00:00.000Z',
}

const LETTERS = [
  UNREADABLE,
  letter('a'),
  letter('b', {
    kind: 'out_of_tries',
    sink: 'lake',
    error: 'away \u001b[2J',
    storedAt: '2026-11-21T12:00:00.000Z',
  }),
  PART,
]

interface World {
  letters?: DeadLetter[]
  pageSize?: number
  /** Answers a request in the place of the collector, when it gives something. */
  answer?: (path: string, body: { keys?: string[] }, interrupt: () => void) => Response | undefined
  env?: Record<string, string>
}

/** A collector that tells its letters page by page and replays each, if it has it. */
async function run(
  args: string[],
  { letters = LETTERS, pageSize = 3, answer, env = { MILLRACE_SECRET_KEY: 'sk' } }: World = {},
) {
  const [stdout, stderr] = [createSink(), createSink()]
  const requests: { url: URL; headers: Record<string, string>; keys: string[] }[] = []
  const interruption = new AbortController()
  const fetch: FetchLike = async (address, { headers, body, signal }) => {
    signal.throwIfAborted()
    const url = new URL(address)
    const sent = body === undefined ? {} : (JSON.parse(String(body)) as { keys?: string[] })
    requests.push({ url, headers: headers as Record<string, string>, keys: sent.keys ?? [] })
    const path = decodeURIComponent(url.pathname)
    const special = answer?.(path, sent, () => interruption.abort())
    if (special !== undefined) return special
    if (path === '/v1/dead') {
      const start = letters.findIndex(({ key }) => key === url.searchParams.get('after')) + 1
      const page = letters.slice(start, start + pageSize)
      const next = letters.length > start + pageSize ? { next: page.at(-1)?.key } : {}
      return Response.json({ success: true, letters: page, ...next })
    }
    const find = (key: string) => letters.find((known) => known.key === key)
    if (path === '/v1/dead/replay') {
      const results = (sent.keys ?? []).map((key) => ({ key, status: find(key) ? 'replayed' : 'not_found' }))
      return Response.json({ success: true, results })
    }
    const found = find(path.replace('/v1/', ''))
    if (found !== undefined) {
      const envelope = { source: 'shop', batchId: 'b', events: [{ event: 'x\u001b' }], quarantined: [] }
      const shown = found.kind === 'part' ? found : { ...found, envelope }
      return Response.json({ success: true, letter: shown })
    }
    const message = 'source "shop" has no such dead letter'
    return Response.json({ success: false, code: 'not_found', message }, { status: 404 })
  }
  const code = await runProgram({
    args: ['dead', ...args, '--source', 'shop'],
    env,
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal: interruption.signal,
    fetch,
  })
  return { code, stdout: stdout.text(), stderr: stderr.text(), requests }
}

const replayedKeys = (requests: { keys: string[] }[]) => requests.flatMap(({ keys }) => keys)

describe('millrace dead list', () => {
  it('tells every letter of all pages, the latest first', async () => {
    const { code, stdout, stderr, requests } = await run(['list'])
    expect(stdout).toMatchInlineSnapshot(`
      "4 dead letters of shop, 6 events

      when                  kind          source  sink       events  id                error
      2026-11-21T12:00:00Z  out_of_tries  shop    lake            3  b                 away \\u{1b}[2J
      2026-11-21T10:00:00Z  refused       shop    warehouse       3  a                 Code: 469. Constraint no_poison
      2026-11-21T09:00:00Z  part          shop    -               -  1795330800000-ab  not Parquet
      2026-11-20T09:00:00Z  unreadable    -       -               -  bad               an envelope must be a JSON object
      "
    `)
    expect([code, stderr, requests.length]).toEqual([0, '', 2])
    expect(requests[0]?.headers).toMatchObject({ authorization: `Basic ${btoa('sk:')}` })
    expect(requests[0]?.url.searchParams.get('source')).toBe('shop')
  })

  it('counts them by error when they are many; numbers in an error make no difference', async () => {
    const letters = Array.from({ length: 60 }, (_, n) =>
      letter(String(n), n < 55 ? { error: `Code: 469. At row ${n}` } : { sink: 'lake', error: 'away' }),
    )
    const { stdout } = await run(['list'], { letters, pageSize: 1_000 })
    const lines = stdout.split('\n')
    expect(lines.slice(0, 6)).toEqual([
      '60 dead letters of shop, 180 events',
      '',
      'letters  events  kind     sink       error',
      '     55     165  refused  warehouse  Code: 469. At row 0',
      '      5      15  refused  lake       away',
      '',
    ])
    expect(lines.at(-2)).toBe('and 10 older ones; --json has all of them')
  })

  it.each([
    [['--sink', 'lake'], ['b']],
    [['--kind', 'part'], ['1795330800000-ab']],
    [['--since', '2026-11-21T10:00Z', '--until', '2026-11-21T11:00Z'], ['a']],
  ])('tells only those that %j is about', async (args, ids) => {
    const { stdout } = await run(['list', '--json', ...args])
    const keys = (JSON.parse(stdout) as DeadLetter[]).map(({ key }) => key)
    expect(keys.map((key) => /([^/]+)\.\w+$/.exec(key)?.[1])).toEqual(ids)
  })

  it('says that there is nothing', async () => {
    expect((await run(['list'], { letters: [] })).stdout).toBe('there are no dead letters of shop\n')
    expect((await run(['list', '--sink', 'x'])).stdout).toBe('no dead letters of shop are like that\n')
  })
})

describe('millrace dead show', () => {
  it.each(['a', 'q-a', 'dead/2026-11-21/a.json'])('prints the letter that %s means', async (id) => {
    const { code, stdout } = await run(['show', id])
    expect(stdout).toMatchInlineSnapshot(`
      "dead/2026-11-21/a.json
        kind     refused
        source   shop
        sink     warehouse
        error    Code: 469. Constraint no_poison
        message  q-a
        stored   2026-11-21T10:00:00.123Z
        bytes    1,234
        events   3

      batch:
      {
        "source": "shop",
        "batchId": "b"
      }

      events:
      [
        {
          "event": "x\\u001b"
        }
      ]
      "
    `)
    expect(code).toBe(0)
  })

  it('prints what is known of a part', async () => {
    const { stdout, requests } = await run(['show', PART.key])
    expect(stdout).toContain('A replay moves it back to where the lake looks for it.')
    expect(requests[0]?.url.pathname).toBe('/v1/dead/parts/source%3Dshop/1795330800000-ab.parquet')
  })

  it('says that there is none, or that it died more than once', async () => {
    const none = await run(['show', 'x'])
    expect([none.code, none.stderr]).toEqual([1, 'millrace: shop has no dead letter x\n'])
    const noKey = await run(['show', 'dead/x'])
    const words = 'millrace: source "shop" has no such dead letter (HTTP 404)\n'
    expect([noKey.code, noKey.stderr]).toEqual([1, words])
    const letters = [letter('a', { messageId: 'm' }), letter('b', { messageId: 'm' })]
    const { stderr } = await run(['show', 'm'], { letters })
    expect(stderr).toContain('give one of dead/2026-11-21/a.json, dead/2026-11-21/b.json')
  })
})

describe('millrace dead replay', () => {
  it('sends all that can be read, and adds up', async () => {
    const { code, stdout, stderr, requests } = await run(['replay', '--all'])
    expect(replayedKeys(requests)).toEqual([
      'dead/2026-11-21/b.json',
      'dead/2026-11-21/a.json',
      'dead/parts/source=shop/1795330800000-ab.parquet',
    ])
    expect(stdout).toMatchInlineSnapshot(`
      "dead letters of shop, replayed

      letters     3
        replayed  3  on their way to all sinks; those that have them already store nothing twice
      unreadable  1  not sent: they would be back at once
      "
    `)
    expect([code, stderr]).toEqual([0, ''])
  })

  it('sends a hundred at a time and says how far it is', async () => {
    const letters = Array.from({ length: 250 }, (_, n) => letter(String(n)))
    const { stderr, requests } = await run(['replay', '--sink', 'warehouse'], { letters, pageSize: 1_000 })
    expect(requests.slice(1).map(({ keys }) => keys.length)).toEqual([100, 100, 50])
    expect(stderr).toBe('100 of 250 letters\n200 of 250 letters\n')
  })

  it('sends those that are named, each once, by key without a look', async () => {
    const byId = await run(['replay', 'a', 'q-a', 'dead/2026-11-21/b.json'])
    expect(replayedKeys(byId.requests)).toEqual(['dead/2026-11-21/a.json', 'dead/2026-11-21/b.json'])
    const byKey = await run(['replay', 'dead/2026-11-21/gone.json'])
    expect([byKey.requests.length, byKey.code]).toEqual([1, 0])
    expect(byKey.stdout).toContain('gone already  1')
    const unknown = await run(['replay', 'a', 'x'])
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      'millrace: there is no dead letter x; nothing was sent\n',
    ])
    expect(replayedKeys(unknown.requests)).toEqual([])
  })

  it('sends nothing in a dry run', async () => {
    const { code, stdout, requests } = await run(['replay', '--all', '--dry-run', '--json'])
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      { isDryRun: true, chosen: 3, replayed: 0, gone: 0, failed: {}, unreadable: 1 },
    ])
    expect(replayedKeys(requests)).toEqual([])
  })

  const failing = (isFailed: (index: number) => boolean): NonNullable<World['answer']> => {
    return (path, { keys = [] }) => {
      if (!path.endsWith('/replay')) return undefined
      const results = keys.map((key, index) =>
        isFailed(index) ? { key, status: 'failed', error: 'the queue is full' } : { key, status: 'replayed' },
      )
      return Response.json({ success: true, results })
    }
  }

  it('tells why some failed, and ends with 3; with 1 when all did', async () => {
    const some = await run(['replay', '--all'], { answer: failing((index) => index > 0) })
    expect(some.stdout).toMatch(/ {2}replayed +1 .*\n {2}failed +2 {2}the queue is full\n/)
    expect(some.code).toBe(3)
    expect((await run(['replay', '--all'], { answer: failing(() => true) })).code).toBe(1)
  })

  it('stops when the queue takes nothing of a whole request', async () => {
    const letters = Array.from({ length: 250 }, (_, n) => letter(String(n)))
    const world = { letters, pageSize: 1_000, answer: failing(() => true) }
    const { code, stdout, requests } = await run(['replay', '--all'], world)
    expect([code, requests.length]).toEqual([1, 2])
    expect(stdout).toContain('Stopped: the queue is full. Running it again is safe.\n')
  })

  it('ends cleanly when it is interrupted, with what was answered', async () => {
    const letters = Array.from({ length: 250 }, (_, n) => letter(String(n)))
    const { code, stdout } = await run(['replay', '--all'], {
      letters,
      pageSize: 1_000,
      answer: (path, body, interrupt) => {
        if (path.endsWith('/replay')) interrupt()
        return failing(() => false)(path, body, interrupt)
      },
    })
    expect(code).toBe(130)
    expect(stdout).toMatch(/^dead letters of shop, not replayed to the end\n/)
    expect(stdout).toMatch(/ replayed +100 /)
    expect(stdout).toContain('Interrupted: this is what was answered so far.')
  })

  it.each([
    [['replay'], 'say which letters: their ids, --all'],
    [['replay', 'a', '--all'], 'give either ids, or --all or a filter'],
    [['replay', '--since', 'yesterday'], '--since must be a time'],
    [['list', '--kind', 'dead'], "option '--kind <kind>' argument 'dead' is invalid"],
    [['show'], "missing required argument 'id'"],
  ])('explains wrong usage and ends with 2: %j', async (args, words) => {
    const { code, stderr, requests } = await run(args)
    expect([code, requests.length]).toEqual([2, 0])
    expect(stderr).toContain(words)
  })
})

describe('a collector that cannot be asked', () => {
  it.each([
    ['refuses the key', 'no source has this key', 401],
    ['is of another time', 'there is nothing at /v1/dead', 404],
  ])('that %s is one line', async (_, message, status) => {
    const answer = () => Response.json({ success: false, message }, { status })
    const { code, stdout, stderr } = await run(['list'], { answer })
    expect([code, stdout, stderr]).toEqual([1, '', `millrace: ${message} (HTTP ${status})\n`])
  })

  it('that is not there is named', async () => {
    const answer = () => {
      throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
    }
    const { code, stderr } = await run(['replay', '--all'], { answer })
    expect([code, stderr]).toEqual([
      1,
      'millrace: no collector answers at http://127.0.0.1:8787: connect ECONNREFUSED. `millrace dev` starts one there; for another say --endpoint\n',
    ])
  })

  it('that is not one is told from one', async () => {
    const { stderr } = await run(['list'], { answer: () => new Response('<h1>hello</h1>') })
    expect(stderr).toContain('does not answer as a Millrace collector (HTTP 200)')
  })

  it('needs a key', async () => {
    const { code, stderr, requests } = await run(['list'], { env: {} })
    expect([code, requests.length]).toEqual([2, 0])
    expect(stderr).toContain('the secret key of the source shop is needed')
  })
})
