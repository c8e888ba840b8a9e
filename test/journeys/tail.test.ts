/** `millrace tail` beside the real stack, as somebody uses it who debugs a tag. */

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startWorker } from '../../local/src/worker.ts'
import { type RunningCommand, runCommand, signalGroup, startCommand } from '../support/command.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 Mobile/15E148 Safari/604.1'

let stack: TestStack

beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

const argumentsOf = (flags: string[]) => [
  'cli/bin/millrace.mjs',
  'tail',
  ...['--source', 'dev', '--endpoint', stack.worker.url],
  ...flags,
]

/** Starts it; it is over with the test. */
function startTail(...flags: string[]): RunningCommand {
  const command = startCommand(process.execPath, argumentsOf(flags))
  onTestFinished(async () => {
    if (command.child.exitCode === null) signalGroup(command, 'SIGKILL')
    await command.finished
  })
  return command
}

/** Each is another one, though it be sent twice. */
const track = (event: string, rest: object = {}) => ({
  ...{ type: 'track', event, userId: 'u-1', messageId: crypto.randomUUID() },
  ...rest,
})

/** Posts a batch again and again until something is true: that somebody watches, and what, is known only with the next batch. */
async function postUntil(isDone: () => boolean, batch: () => object[]): Promise<void> {
  await waitFor(async () => {
    await stack.post({ batch: batch() })
    await new Promise((resolve) => setTimeout(resolve, 500))
    return isDone()
  })
}

/** Resolves when events with this name are shown: from then on all are. */
function awaitConnection({ output }: RunningCommand, mark: string): Promise<void> {
  return postUntil(
    () => output().includes(mark),
    () => [track(mark)],
  )
}

const linesOf = ({ output }: RunningCommand, text: string) =>
  output()
    .split('\n')
    .filter((line) => line.includes(text))

describe('millrace tail', () => {
  it('prints events that pass while it runs, and why one was refused, until Ctrl-C', async () => {
    const tail = startTail()
    await awaitConnection(tail, 'First Mark')
    await stack.post({
      batch: [
        {
          type: 'page',
          anonymousId: 'a1b2c3d4-e5f6',
          context: { page: { path: '/shoes' }, userAgent: PHONE },
        },
        track('Product Viewed', { properties: { product_id: 'p1\u001b[2J', price: 'much' } }),
        { type: 'track', userId: 'u-1' },
      ],
    })
    await waitFor(() => tail.output().includes('quarantined'))
    const TIME = /^(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d{3} {2}/
    const [page = ''] = linesOf(tail, '/shoes')
    expect(page).toMatch(TIME)
    expect(page.split(/ {2,}/).slice(1)).toEqual(['accepted', 'page', '/shoes', 'anon a1b2c3d4', 'mobile'])
    expect(linesOf(tail, 'Product Viewed')[0]).toContain('product_id=p1\\u{1b}[2J price=much')
    expect(linesOf(tail, 'violation')).toContain(
      '    violation  properties.price: expected number, found "much"',
    )
    const [refused = ''] = linesOf(tail, 'quarantined')
    expect(refused.split(/ {2,}/).slice(1)).toEqual([
      'quarantined',
      'track',
      'missing_field at event: event is required',
    ])
    signalGroup(tail, 'SIGINT')
    const { code, stderr } = await tail.finished
    expect([code, stderr]).toEqual([130, ''])
  })

  it('prints only what is like its filters and has its statuses', async () => {
    const filtered = startTail('--filter', 'properties.plan:is:pro', '--since-last', '0')
    const refused = startTail('--status', 'quarantined', '--since-last', '0')
    await postUntil(
      () => filtered.output() !== '' && refused.output() !== '',
      () => [
        track('Upgraded', { properties: { plan: 'pro' } }),
        track('Downgraded', { properties: { plan: 'free' } }),
        { type: 'nonsense', userId: 'u-1', messageId: crypto.randomUUID() },
      ],
    )
    const shown = (command: RunningCommand) => command.output().trimEnd().split('\n')
    expect(shown(filtered).filter((line) => !/accepted +Upgraded +plan=pro/.test(line))).toEqual([])
    expect(shown(refused).filter((line) => !/quarantined .* unknown_type at type: /.test(line))).toEqual([])
  })

  it('prints JSON, an event a line, and ends with the limit', async () => {
    const tail = startTail('--json', '--limit', '5', '--filter', 'event:is:As JSON')
    await postUntil(
      () => tail.child.exitCode !== null,
      () => [track('As JSON', { properties: { text: 'ü€😀\u009b' } }), track('Other')],
    )
    const { code, stdout, stderr } = await tail.finished
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect([code, stderr, events.length]).toEqual([0, '', 5])
    for (const event of events) {
      expect(event).toMatchObject({
        status: 'accepted',
        event: 'As JSON',
        row: { user_id: 'u-1', properties: { text: 'ü€😀\u009b' } },
      })
    }
    expect(stdout).not.toContain('\u009b')
  })

  it.each([
    [['--read-token', 'wrong'], 1, 'millrace: no source has this read token'],
    [['--source', 'shop', '--read-token', 'dev-read'], 1, 'millrace: this token is of source "dev"'],
    [['--filter', 'country:maybe:DE'], 2, 'millrace: --filter "country:maybe:DE": op must be one of is, '],
    [['--endpoint', 'http://127.0.0.1:9'], 1, 'millrace: no collector answers at http://127.0.0.1:9'],
  ])('says what is wrong with %j, and ends', async (flags, exitCode, message) => {
    const { code, stdout, stderr } = await runCommand(process.execPath, argumentsOf(flags))
    expect([code, stdout]).toEqual([exitCode, ''])
    expect(stderr).toContain(message)
    expect(stderr.trimEnd()).not.toContain('\n')
  })

  it('goes on after the collector was away', async () => {
    const tail = startTail('--filter', 'event:starts_with:Around')
    await awaitConnection(tail, 'Around One')
    const { worker, dataPath, clickhouseUrl } = stack
    await worker.stop()
    await waitFor(() => tail.output().includes('the connection is cut'))
    const again = await startWorker({ port: worker.port, dataPath, clickhouseUrl })
    onTestFinished(() => again.stop())
    await awaitConnection(tail, 'Around Two')
    signalGroup(tail, 'SIGTERM')
    const { code, stdout, stderr } = await tail.finished
    expect(code).toBe(130)
    expect(stderr.match(/the connection is cut|connected again/g)).toEqual([
      'the connection is cut',
      'connected again',
    ])
    expect(stdout).not.toContain('connect')
  })
})
