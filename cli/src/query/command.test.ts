import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { type ProgramOptions, runProgram } from '../program.ts'
import type { Answer } from './ask.ts'

const ANSWER: Answer = {
  asOf: '2026-11-22T10:07:30.000Z',
  readFrom: 'events',
  freshness: { upTo: '2026-11-22T10:07:00Z', lagSeconds: 30 },
  columns: ['country', 'events'],
  rows: [
    ['DE', 12_345],
    ['', 7],
    ['\u001b[2J', 0.25],
  ],
}

async function run(
  args: string[],
  reply: { status?: number; body?: unknown; headers?: Record<string, string> } = {},
  env: ProgramOptions['env'] = {},
) {
  const [stdout, stderr] = [createSink(), createSink()]
  const requests: { url: URL; headers: Record<string, string> }[] = []
  const fetch = async (url: string, init: { headers: Record<string, string> }) => {
    requests.push({ url: new URL(url), headers: init.headers })
    const { status = 200, headers: given = {} } = reply
    return new Response(JSON.stringify(reply.body ?? ANSWER), { status, headers: given })
  }
  const options = {
    args: ['query', ...args],
    env,
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
  }
  const exitCode = await runProgram({ ...options, fetch } as unknown as ProgramOptions)
  return { exitCode, stdout: stdout.text(), stderr: stderr.text(), requests }
}

const DEV = ['--source', 'dev']

describe('millrace query', () => {
  it('prints a table, numbers to the right, and what a terminal would obey as text', async () => {
    const { exitCode, stdout } = await run(['top', '--field', 'country', ...DEV])
    expect(exitCode).toBe(0)
    expect(stdout).toBe(
      [
        'country    events',
        'DE         12,345',
        '(none)          7',
        '\\u{1b}[2J    0.25',
        '',
        'as of 2026-11-22T10:07:30.000Z, from the events',
        '',
      ].join('\n'),
    )
  })

  it('prints ranges as ranges', async () => {
    const body = {
      ...ANSWER,
      columns: ['stream', 'ranges'],
      rows: [
        [
          's1',
          [
            [4, 10],
            [12, 12],
          ],
        ],
        ['s2', []],
      ],
    }
    const { stdout } = await run(['books', ...DEV], { body })
    expect(stdout).toContain('stream  ranges\ns1      4-10, 12\ns2      -\n')
  })

  it('prints series by time, with their totals, and how far the tables are that they were read from', async () => {
    const body = {
      ...ANSWER,
      readFrom: 'rollups',
      columns: undefined,
      rows: undefined,
      buckets: ['2026-11-21', '2026-11-22'],
      series: [
        { name: 'page', total: 3, values: [1, 2] },
        { name: null, isOther: true, total: 4, values: [0, null] },
      ],
    }
    const { stdout } = await run(['timeseries', ...DEV], { body })
    expect(stdout).toBe(
      [
        'time        page  (others)',
        '2026-11-21     1         0',
        '2026-11-22     2         -',
        'all            3         4',
        '',
        'as of 2026-11-22T10:07:30.000Z, from the roll-ups, computed up to 2026-11-22T10:07:00Z',
        '',
      ].join('\n'),
    )
  })

  it('says that one without rows was kept for ten seconds at most', async () => {
    const body = { ...ANSWER, rows: [] }
    const { stdout } = await run(['top', ...DEV], { body, headers: { 'Millrace-Cache': 'hit' } })
    expect(stdout).toContain('no events match\n')
    expect(stdout).toContain('asked anew after at most 10 seconds')
  })

  it.each([
    [{ name: 'top', from: '2026-11-21T10:10:00.000Z', to: '2026-11-22T10:10:00.000Z' }, '5 minutes'],
    [{ name: 'top', from: '2026-11-22T09:10:00.000Z', to: '2026-11-22T10:10:00.000Z' }, 'a minute'],
    [{ name: 'top', from: '2026-11-01T00:00:00.000Z', to: '2026-11-08T00:00:00.000Z' }, 'an hour'],
    [{ name: 'live' }, '10 seconds'],
    [undefined, 'a minute'],
  ])('says that an answer to %j was kept, and for how long at most', async (question, atMost) => {
    const body = { ...ANSWER, question }
    const ask = (cache: string) => run(['live', ...DEV], { body, headers: { 'Millrace-Cache': cache } })
    const now = 'as of 2026-11-22T10:07:30.000Z, from the events'
    expect((await ask('hit')).stdout).toContain(
      `\n${now}; kept from then, asked anew after at most ${atMost}\n`,
    )
    expect((await ask('miss')).stdout).toContain(`\n${now}\n`)
    expect((await ask('shared')).stdout).toContain(`\n${now}\n`)
  })

  it('prints the answer itself with --json', async () => {
    const { stdout } = await run(['top', '--field', 'country', '--json', ...DEV])
    expect(JSON.parse(stdout)).toEqual(ANSWER)
  })

  it('sends what was typed, and the token in the header alone', async () => {
    const args = [
      'funnel',
      '--step',
      'page',
      '--step',
      'Order Completed',
      '--time-zone',
      'Europe/Berlin',
      '--filter',
      'country:is:DE',
    ]
    const { requests } = await run([...args, '--list', ...DEV])
    const [request] = requests
    expect(request?.url.pathname).toBe('/v1/query/funnel')
    expect([...(request?.url.searchParams ?? [])]).toEqual([
      ['source', 'dev'],
      ['timeZone', 'Europe/Berlin'],
      ['filter', 'country:is:DE'],
      ['step', 'page'],
      ['step', 'Order Completed'],
      ['list', 'true'],
    ])
    expect(request?.headers['authorization']).toBe('Bearer dev-read')
  })

  it('takes the token from the option, or the environment', async () => {
    const env = { MILLRACE_READ_TOKEN: 'from-env' }
    const tokens = [
      await run(['live', '--source', 'shop'], {}, env),
      await run(['live', '--source', 'shop', '--read-token', 'typed'], {}, env),
    ].map(({ requests }) => requests[0]?.headers['authorization'])
    expect(tokens).toEqual(['Bearer from-env', 'Bearer typed'])
  })

  it.each([
    [['live', '--source', 'shop'], 'the read token of the source shop is needed'],
    [
      ['live', '--source', 'dev', '--endpoint', 'https://collect.example'],
      'the read token of the source dev is needed',
    ],
    [['live', '--source', 'shop', '--read-token', 'a b'], 'must be ASCII characters without spaces'],
    [['live', '--source', 'dev', '--endpoint', 'nowhere'], '--endpoint must be'],
    [['live', '--colour', 'red', '--source', 'dev'], 'unknown option'],
    [
      ['live', '--filter', 'country', '--source', 'dev'],
      '--filter must be field:op:value, such as country:is:DE, or field:exists, got "country"',
    ],
    [['live', '--filter', 'country:', '--source', 'dev'], '--filter must be field:op:value'],
    [['--source', 'dev'], 'missing required argument'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr, requests } = await run(args)
    expect([exitCode, requests.length]).toEqual([2, 0])
    expect(stderr).toContain(message)
  })

  it.each([
    [400, 'invalid_question', 2, 'millrace: --field must be one of x\n'],
    [404, 'not_found', 2, 'millrace: --field must be one of x\n'],
    [401, 'unknown_read_token', 1, 'millrace: field must be one of x (HTTP 401)\n'],
    [503, 'temporarily_unavailable', 1, 'millrace: field must be one of x (HTTP 503)\n'],
  ])('ends after a %i %s with exit code %i', async (status, code, expected, told) => {
    const body = { success: false, code, message: 'field must be one of x' }
    const { exitCode, stderr } = await run(['top', ...DEV], { status, body })
    expect([exitCode, stderr]).toEqual([expected, told])
  })

  it('says so when it is no collector that answers', async () => {
    const { exitCode, stderr } = await run(['top', ...DEV], { body: 'hello' })
    expect([exitCode, stderr]).toEqual([
      1,
      'millrace: http://127.0.0.1:8787 does not answer as a Millrace collector (HTTP 200)\n',
    ])
  })
})
