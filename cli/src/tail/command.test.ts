import { Readable, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { type ProgramOptions, runProgram } from '../program.ts'
import { buildTailEvent, createFakeLive } from './fake-live.ts'

/** Starts the command; what it wrote so far, the collector it talks to, and how it ends. */
function start(args: string[], rest: Partial<ProgramOptions> & { stdout?: Writable } = {}) {
  const [out, err] = [createSink(), createSink()]
  const live = createFakeLive()
  const stopping = new AbortController()
  const options = {
    args: ['tail', ...args],
    env: {},
    stdin: Readable.from([]),
    stdout: out.stream,
    stderr: err.stream,
    signal: stopping.signal,
    fetch: live.fetch,
    ...rest,
  }
  const finished = runProgram(options as unknown as ProgramOptions)
  return { ...live, finished, stopping, stdout: out.text, stderr: err.text }
}

const DEV = ['--source', 'dev']

const terminal = (stream: Writable) => Object.assign(stream, { isTTY: true })

describe('millrace tail', () => {
  it('asks for what was typed', async () => {
    const filters = ['--filter', 'country:is:DE', '--filter', 'event:exists']
    const { connection, stopping, finished } = start([
      ...DEV,
      ...filters,
      '--status',
      'accepted',
      '--status',
      'filtered',
      '--endpoint',
      'http://127.0.0.1:1/base/',
    ])
    const { url, headers } = await connection(0)
    expect(url.origin + url.pathname).toBe('http://127.0.0.1:1/base/v1/live')
    expect([...url.searchParams]).toEqual([
      ['source', 'dev'],
      ['only', 'events'],
      ['filter', 'country:is:DE'],
      ['filter', 'event:exists'],
      ['status', 'accepted'],
      ['status', 'filtered'],
    ])
    expect(headers['authorization']).toBe('Bearer dev-read')
    stopping.abort()
    expect(await finished).toBe(130)
  })

  it('prints a line an event, the last ten that passed before, and ends with the limit', async () => {
    const { connection, finished, stdout, stderr } = start([...DEV, '--limit', '11'])
    const { say, isClosed } = await connection(0)
    say('snapshot', 'e.1', { events: Array.from({ length: 12 }, (_, index) => buildTailEvent(`m${index}`)) })
    say('change', 'e.2', { events: [buildTailEvent('new'), buildTailEvent('over')], missed: 3 })
    expect(await finished).toBe(0)
    const paths = stdout().match(/\/\w+/g)
    expect(paths).toEqual([...Array.from({ length: 10 }, (_, index) => `/m${index + 2}`), '/new'])
    expect(stderr()).toBe('… 3 more events passed than are shown\n')
    expect(isClosed()).toBe(true)
  })

  it('prints JSON, an event a line and nothing else', async () => {
    const { connection, finished, stdout } = start([...DEV, '--json', '--limit', '2'])
    const events = [buildTailEvent('a\u001b'), buildTailEvent('b', { row: { x: { y: [1] } } })]
    ;(await connection(0)).say('snapshot', 'e.1', { events })
    expect(await finished).toBe(0)
    expect(
      stdout()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(events)
  })

  it.each([
    [{}, true],
    [{ NO_COLOR: '' }, true],
    [{ NO_COLOR: '1' }, false],
  ])('colours on a terminal with %j: %s, and says there how it ends', async (env, isColoured) => {
    const [out, err] = [createSink(), createSink()]
    const streams = { stdout: terminal(out.stream), stderr: terminal(err.stream) }
    const { connection, finished } = start([...DEV, '--limit', '1'], { env, ...streams })
    ;(await connection(0)).say('snapshot', 'e.1', { events: [buildTailEvent('a')] })
    expect(await finished).toBe(0)
    expect(out.text().includes('\u001b[32maccepted\u001b[0m')).toBe(isColoured)
    expect(err.text()).toBe('Events of dev as they pass. Ctrl-C ends it.\n')
  })

  it('goes on when the connection ends, and says so', async () => {
    const { connection, stopping, finished, stdout, stderr } = start(DEV)
    const first = await connection(0)
    first.say('snapshot', 'e.1', { events: [buildTailEvent('a')] })
    await expect.poll(stdout).toContain('/a')
    first.end(new TypeError('terminated', { cause: new Error('bad \u001b[2J') }))
    const second = await connection(1)
    expect(second.headers['last-event-id']).toBe('e.1')
    second.say('snapshot', 'e.2', { events: [buildTailEvent('a'), buildTailEvent('b')] })
    await expect.poll(stdout).toContain('/b')
    stopping.abort()
    expect(await finished).toBe(130)
    expect(stdout().match(/\/\w/g)).toEqual(['/a', '/b'])
    expect(stderr().split('\n')).toEqual([
      'millrace: the connection is cut: bad \\u{1b}[2J; trying again',
      expect.stringMatching(/^millrace: connected again; /),
      '',
    ])
  })

  it('reads no more than is taken from it, and stops all the same', async () => {
    const stdout = new Writable({ highWaterMark: 1, write() {} })
    const { connection, stopping, finished } = start(DEV, { stdout })
    const { say, isClosed } = await connection(0)
    for (let place = 0; place < 100; place += 1)
      say('change', `e.${place}`, { events: [buildTailEvent(`m${place}`)] })
    await expect.poll(() => stdout.writableLength).toBeGreaterThan(0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(stdout.writableLength).toBeLessThan(200)
    stopping.abort()
    expect(await finished).toBe(130)
    expect(isClosed()).toBe(true)
  })

  it('ends well when nobody reads its output any more', async () => {
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
    const { connection, finished } = start(DEV, { stdout })
    const { say, isClosed } = await connection(0)
    say('snapshot', 'e.1', { events: [buildTailEvent('a')] })
    expect(await finished).toBe(0)
    expect(isClosed()).toBe(true)
  })

  it.each([
    [400, 'filter "a:b" must not', 2, 'millrace: --filter "a:b": must not\n'],
    [400, 'filter "a\\"b" must not', 2, 'millrace: --filter "a\\"b": must not\n'],
    [400, 'filter may be given twice', 2, 'millrace: --filter may be given twice\n'],
    [401, 'no source has this', 1, 'millrace: no source has this (HTTP 401)\n'],
    [403, 'of \u001b another', 1, 'millrace: of \\u{1b} another (HTTP 403)\n'],
    [404, 'there is nothing', 1, 'millrace: there is nothing (HTTP 404)\n'],
    [503, 'later', 1, 'millrace: later (HTTP 503)\n'],
  ])('ends at once after %i %s', async (status, message, exitCode, told) => {
    const live = createFakeLive()
    live.order({ status, body: { success: false, message } })
    const { finished, stderr } = start(DEV, {
      fetch: live.fetch as unknown as NonNullable<ProgramOptions['fetch']>,
    })
    expect([await finished, stderr()]).toEqual([exitCode, told])
  })

  it.each([
    [['--source', 'shop'], 'the read token of the source shop is needed'],
    [['--source', 'Shop'], '--source must be'],
    [[], "required option '--source <name>'"],
    [[...DEV, '--endpoint', 'nowhere'], '--endpoint must be'],
    [[...DEV, '--status', 'lost'], 'must be one of accepted, quarantined, filtered, duplicate'],
    [[...DEV, '--since-last', '51'], 'must be an integer from 0 to 50'],
    [[...DEV, '--since-last', '-1'], 'must be an integer from 0 to 50'],
    [[...DEV, '--limit', '0'], 'must be an integer from 1 to'],
    [[...DEV, '--limit', '1.5'], 'must be an integer from 1 to'],
    [[...DEV, '--json', '--full'], "cannot be used with option '--full'"],
  ])('refuses %j', async (args, message) => {
    const { finished, stderr, connections } = start(args)
    expect([await finished, connections.length]).toEqual([2, 0])
    expect(stderr()).toContain(message)
  })
})
