import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { type ProgramOptions, runProgram } from '../program.ts'
import { answerOf, TOTALS } from './fixture.ts'

async function run(
  args: string[],
  totals: Record<string, unknown> = {},
  reply: { status?: number; body?: unknown } = {},
) {
  const [stdout, stderr] = [createSink(), createSink()]
  const requests: URL[] = []
  const fetch = async (url: string) => {
    requests.push(new URL(url))
    return new Response(JSON.stringify(reply.body ?? answerOf(totals)), { status: reply.status ?? 200 })
  }
  const options = {
    args: ['books', '--source', 'dev', ...args],
    ...{ env: {}, stdin: Readable.from([]), stdout: stdout.stream, stderr: stderr.stream },
  }
  const exitCode = await runProgram({ ...options, fetch } as unknown as ProgramOptions)
  return { exitCode, stdout: stdout.text(), stderr: stderr.text(), requests }
}

const MISSING = { closes: false, missing: 3, stored: 12_237, ledger: { ...TOTALS.ledger, closes: false } }
const NO_GAPS = { streams: 0, missing: 0, undeclared: 0, open: 0, dropped: 0, droppedBy: {}, tailsUnknown: 0 }

describe('millrace books', () => {
  it('says whether the books close, two sums that add up, gaps, and the other stores', async () => {
    const { exitCode, stdout } = await run([])
    expect(exitCode).toBe(0)
    expect(stdout).toBe(`Books of dev, 2026-11-21 10:00 to 2026-11-22 10:07 UTC

The books close: all 12,345 events that we received are explained.

  12,345  events received
= 12,300  accepted
+     30  quarantined for their content
            plan_violation 28, missing_field 2
+     10  left out on purpose
            bot 10
+      5  in 12 requests refused whole, as far as they could be counted
            rate_limited 8, invalid_json 4

  12,300  events accepted
= 12,240  stored, each once
+     44  copies of events that are stored already
+      2  not storable: ClickHouse refused them, so quarantined
+     14  on their way
            9 in the queues, 4 in the spill, 1 in dead letters
+      0  missing

Events that never reached us
  7 numbers of 2 streams have not come yet.
  Clients say that they dropped 2: refused 2.
  That explains 2 of them; nothing explains 5.
  1 of those may still come: their streams were heard just now.
  Of 1 stream nobody knows whether more followed the last number.
  --gaps lists the streams.

Other stores
  lake          has the same events in 22 hours; 1 hour not compared yet
  live windows  say the same in 8,560 closed windows

as of 2026-11-22 10:07 UTC, computed up to 2026-11-22 10:07 UTC
`)
  })

  it('lists streams with their ranges, what was dropped, and tails that nobody knows', async () => {
    const { stdout } = await run(['--gaps'])
    expect(stdout).toContain(`
  b6f1c2d34e5a9078
    never came: 3-7, 12 (6 numbers)
    its client dropped 2: refused 2
    its last known number is 40; whether more followed is unknown
    last heard 2026-11-22 09:10 UTC

  0a\\u{1b}[2J
    not here yet: 2 (1 number)
    3 was its last number
    heard 2026-11-22 10:06 UTC, so the rest may still come
`)
    expect(stdout).not.toContain('--gaps lists')
  })

  it('has a table by hour whose columns add up', async () => {
    const { stdout, requests } = await run(['--by', 'hour'])
    const [heading, line] = stdout.split('\n').filter((one) => /received +stored|^11-22 09:00/.test(one))
    expect(heading?.split(/ {2,}/)).toEqual([
      'UTC',
      'received',
      'stored',
      'copies',
      'not taken',
      'other',
      'on way',
      'missing',
    ])
    const [, ...numbers] = (line ?? '').split(/ {2,}/).map((cell) => Number(cell.replaceAll(',', '')))
    expect(numbers).toEqual([12_345, 12_240, 44, 45, 2, 14, 0])
    expect(numbers.slice(1).reduce((sum, count) => sum + count, 0)).toBe(numbers[0])
    expect(stdout).not.toContain('11-22 08:00')
    expect((await run(['--by', 'hour'], MISSING)).stdout).not.toContain('--by hour says')
    expect(requests[0]?.searchParams.get('interval')).toBe('hour')
  })

  it.each([[[]], [['--gaps', '--by', 'hour']]])('fits 80 columns with %j', async (args) => {
    const totals = { received: 234_567_890, accepted: 234_567_845, stored: 234_567_785 }
    const { stdout } = await run(args, totals)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  it.each<[string, Record<string, unknown>, string]>([
    [
      'something is missing',
      MISSING,
      'THE BOOKS DO NOT CLOSE: 3 events we acknowledged are missing, and nothing\nexplains it.',
    ],
    ['something is missing', MISSING, '--by hour says when they were received.'],
    ['no stream goes on', { gaps: { ...TOTALS.gaps, open: 0 } }, '7 numbers of 2 streams never came.'],
    ['something is missing', MISSING, '+      3  MISSING: acknowledged, and not to be found'],
    [
      'the lake differs',
      { closes: false, lake: { closes: false, equal: 20, waiting: 0, differs: 2 } },
      'THE BOOKS DO NOT CLOSE: the warehouse explains all 12,345 events, but the lake\nhas something else.',
    ],
    [
      'the lake differs',
      { closes: false, lake: { closes: false, equal: 20, waiting: 0, differs: 2 } },
      'DIFFERS in 2 hours of 22: read the view lake_differences',
    ],
    [
      'live windows differ',
      { closes: false, live: { closes: false, windows: 9, differs: 1 } },
      'DIFFER in 1 minute: read the view live_differences',
    ],
    [
      'the ledger is behind',
      { closes: null, ledger: { closes: null, upTo: null } },
      'NOT KNOWN YET: the books were never computed.',
    ],
    [
      'the ledger is behind',
      { closes: null, ledger: { closes: null, upTo: '2026-11-22T09:01:00.000Z' } },
      'NOT KNOWN YET: the books are computed up to 2026-11-22 09:01 UTC alone',
    ],
    [
      'nothing came',
      { received: 0, accepted: 0, stored: 0 },
      'Nothing was received in this time, as far as the books are computed: up to\n2026-11-22 10:07 UTC',
    ],
    [
      'nothing was compared',
      { lake: { closes: null, equal: 0, waiting: 0, differs: 0 } },
      'lake          not compared yet',
    ],
    ['no number is missing', { gaps: NO_GAPS }, '  none that a number tells of'],
    ['bodies could not be read', { refused: 0 }, '+      0  in 12 requests refused whole'],
  ])('when %s says so', async (_what, totals, text) => {
    expect((await run([], totals)).stdout).toContain(text)
  })

  it.each<[string, Record<string, unknown>, number]>([
    ['nothing is missing', { gaps: NO_GAPS }, 0],
    ['the ledger misses an event', { ...MISSING, gaps: NO_GAPS }, 1],
    ['a silent stream misses one', {}, 1],
    ['only a stream that goes on misses some', { gaps: { ...TOTALS.gaps, open: 5 } }, 0],
    ['clients declared all that is missing', { gaps: { ...TOTALS.gaps, undeclared: 0, open: 0 } }, 0],
    ['nobody knows', { closes: null, gaps: NO_GAPS, ledger: { closes: null, upTo: null } }, 3],
  ])('--fail-on-missing when %s ends with its code', async (_what, totals, code) => {
    expect((await run(['--fail-on-missing'], totals)).exitCode).toBe(code)
    expect((await run([], totals)).exitCode).toBe(0)
  })

  it('asks for the last day, or what was typed, and prints the answer itself with --json', async () => {
    const asked = async (args: string[]) =>
      Object.fromEntries((await run(args)).requests[0]?.searchParams ?? [])
    expect(await asked([])).toEqual({ source: 'dev', from: '24h', limit: '20' })
    expect(await asked(['--last', '7d'])).toMatchObject({ from: '7d' })
    expect(await asked(['--from', '2026-11-01', '--to', '2026-11-02'])).toMatchObject({
      from: '2026-11-01',
      to: '2026-11-02',
    })
    expect(JSON.parse((await run(['--json'])).stdout)).toEqual(answerOf())
  })

  it.each<[string[], string]>([
    [['--last', '1h', '--from', '2h'], '--last is until now: give it, or --from and --to'],
    [['--by', 'week'], 'Allowed choices are hour, day'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr, requests } = await run(args)
    expect([exitCode, requests.length]).toEqual([2, 0])
    expect(stderr).toContain(message)
  })

  it('speaks of the option that was typed, and tells when the collector refuses', async () => {
    const body = { success: false, code: 'invalid_question', message: 'from must be a time, got "x"' }
    expect(await run(['--last', 'x'], {}, { status: 400, body })).toMatchObject({
      exitCode: 2,
      stderr: 'millrace: --last must be a time, got "x"\n',
    })
    const tooFine = { ...body, message: 'interval must be longer, or the range shorter' }
    expect(await run(['--by', 'hour'], {}, { status: 400, body: tooFine })).toMatchObject({
      stderr: 'millrace: --by must be longer, or the range shorter\n',
    })
    const away = { success: false, code: 'temporarily_unavailable', message: 'ask again' }
    expect(await run([], {}, { status: 503, body: away })).toMatchObject({ exitCode: 1 })
  })
})
