/** The commands as typed, over a collector that answers as a test wants. */

import { Readable } from 'node:stream'
import type { FetchLike } from '@millrace/node'
import { describe, expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { runProgram } from '../program.ts'
import { formatAge } from './report.ts'

type Answer = object | ((interrupt: () => void) => Response)

/** A collector that gives these answers one after the other, the last one for ever. */
async function run(args: string[], answers: Answer[]) {
  const [stdout, stderr] = [createSink(), createSink()]
  const requests: { method: string; url: string }[] = []
  const interruption = new AbortController()
  const fetch: FetchLike = async (url, { method, signal }) => {
    signal.throwIfAborted()
    requests.push({ method, url })
    const answer = answers[Math.min(requests.length, answers.length) - 1] ?? {}
    if (typeof answer === 'function') return answer(() => interruption.abort())
    return Response.json({ success: true, ...answer })
  }
  const code = await runProgram({
    args: ['spill', ...args, '--source', 'shop', '--secret-key', 'sk'],
    env: {},
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal: interruption.signal,
    fetch,
  })
  return { code, stdout: stdout.text(), stderr: stderr.text(), requests }
}

const KEYS = ['spill/1795330800000-aa', 'spill/1795330801000-bb']

describe('millrace spill list', () => {
  it('adds up the objects of all pages', async () => {
    const oldest = new Date(Date.now() - 600_000).toISOString()
    const { code, stdout, requests } = await run(
      ['list'],
      [
        { spilled: [{ key: KEYS[0], bytes: 1_200, spilledAt: oldest }], next: KEYS[0] },
        { spilled: [{ key: KEYS[1], bytes: 34 }] },
      ],
    )
    expect(stdout.split('\n')).toEqual([
      '2 objects of all sources, 1,234 bytes, the oldest 10 minutes old',
      '',
      `${oldest}  1,200 bytes  ${KEYS[0]}`,
      `-                            34 bytes  ${KEYS[1]}`,
      '',
    ])
    expect(requests.map(({ url }) => new URL(url).searchParams.get('after'))).toEqual([null, KEYS[0]])
    expect(code).toBe(0)
  })

  it('says that there is nothing, and shows a few of many', async () => {
    const none = await run(['list'], [{ spilled: [] }])
    expect(none.stdout).toBe('the spill is empty: the queue has everything\n')
    const spilled = Array.from({ length: 30 }, () => ({ key: KEYS[0], bytes: 1 }))
    const many = await run(['list'], [{ spilled }])
    expect(many.stdout).toMatch(/\nand 10 younger ones; --json has all\n$/)
    const { stdout } = await run(['list', '--json'], [{ spilled }])
    expect(JSON.parse(stdout)).toMatchObject({ objects: 30, bytes: 30 })
  })
})

describe('millrace spill drain', () => {
  it('goes on until nothing is left', async () => {
    const { code, stdout, stderr, requests } = await run(
      ['drain'],
      [
        { objects: 900, messages: 1_000, left: 1_000, oldestLeftMs: 7_200_000 },
        { objects: 100, messages: 100, left: 2, oldestLeftMs: 4_000, error: 'TimeoutError: no answer' },
        { objects: 2, messages: 2, left: 0 },
      ],
    )
    expect(stdout).toBe('1,102 messages of 1,002 objects sent to the queue; the spill is empty\n')
    expect(stderr.split('\n')).toEqual([
      '1,000 messages of 900 objects sent to the queue; 1,000 objects or more left, the oldest 2 hours old',
      '1,100 messages of 1,000 objects sent to the queue; 2 objects left, the oldest 4 seconds old: TimeoutError: no answer',
      '',
    ])
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST'])
    expect(code).toBe(0)
  })

  it('ends when nothing moves any more, and says what is left', async () => {
    const stuck = { objects: 0, messages: 0, left: 5, oldestLeftMs: 90_000, error: 'the queue is away' }
    const { code, stdout, requests } = await run(['drain'], [{ ...stuck, messages: 1 }, stuck])
    expect(stdout).toBe(
      '1 message of 0 objects sent to the queue; 5 objects left, the oldest 90 seconds old: the queue is away\n',
    )
    expect([code, requests.length]).toEqual([1, 2])
  })

  it('has nothing to do when there is none', async () => {
    const { code, stdout } = await run(['drain', '--json'], [{ objects: 0, messages: 0, left: 0 }])
    expect([code, JSON.parse(stdout)]).toEqual([0, { objects: 0, messages: 0, left: 0 }])
  })

  it('says so when the bucket does not tell what is left', async () => {
    const { code, stdout } = await run(['drain'], [{ objects: 0, messages: 0, error: 'Error: away' }])
    expect([code, stdout]).toEqual([
      1,
      'nothing was sent; the bucket does not say what is left: Error: away\n',
    ])
  })

  it('ends when it is interrupted, and when the collector refuses', async () => {
    const interrupted = await run(
      ['drain'],
      [
        (interrupt) => {
          interrupt()
          return Response.json({ success: true, objects: 1, messages: 1, left: 1 })
        },
      ],
    )
    expect(interrupted.code).toBe(130)
    const message = 'this Worker cannot drain the spill by itself; its cron does'
    const refused = await run(['drain'], [() => Response.json({ success: false, message }, { status: 503 })])
    expect([refused.code, refused.stderr]).toEqual([1, `millrace: ${message} (HTTP 503)\n`])
  })
})

describe('formatAge', () => {
  it.each([
    [-5, '0 seconds'],
    [119_000, '119 seconds'],
    [120_000, '2 minutes'],
    [7_199_000, '119 minutes'],
    [7_200_000, '2 hours'],
    [200_000_000, '2 days'],
  ])('%i is %s', (ms, words) => {
    expect(formatAge(ms)).toBe(words)
  })
})
