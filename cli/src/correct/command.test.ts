/** The commands as typed, over a collector and a ClickHouse that answer as a test wants. */

import { Readable } from 'node:stream'
import type { FetchLike } from '@millrace/node'
import { describe, expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { runProgram } from '../program.ts'

async function run(args: string[], answer: { status: number; body: unknown }) {
  const [stdout, stderr] = [createSink(), createSink()]
  const requests: { url: string; headers: Record<string, string>; body: unknown }[] = []
  const fetch: FetchLike = async (url, { headers, body }) => {
    requests.push({ url: String(url), headers: headers as Record<string, string>, body })
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
    return new Response(text, { status: answer.status })
  }
  const world = {
    args,
    env: {},
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    fetch,
  }
  const code = await runProgram(world)
  return { code, stdout: stdout.text(), stderr: stderr.text(), requests }
}

const TARGET = ['m1', '--source', 'dev', '--reason', 'a mistake']
const TAKEN = { status: 200, body: { success: true } }

describe('millrace correct', () => {
  it('sends what is to be replaced, with the secret key', async () => {
    const { code, stdout, requests } = await run(
      ['correct', ...TARGET, '--set', 'properties.price=12.5'],
      TAKEN,
    )
    expect(code).toBe(0)
    const [request] = requests
    expect(request).toMatchObject({
      url: 'http://127.0.0.1:8787/v1/batch',
      headers: { authorization: `Basic ${btoa('dev-secret:')}` },
    })
    const { source, batch } = JSON.parse(String(request?.body)) as {
      source: string
      batch: { messageId: string }[]
    }
    expect([source, batch]).toMatchObject([
      'dev',
      [
        {
          type: 'track',
          event: '$correct',
          properties: { messageId: 'm1', reason: 'a mistake', changes: { properties: { price: 12.5 } } },
        },
      ],
    ])
    expect(stdout).toContain(
      `the correction ${batch[0]?.messageId} of m1 was taken; if there is such an event`,
    )
    expect(stdout).toContain(`millrace retract ${batch[0]?.messageId} --source dev`)
  })

  it('sends nothing that the collector would refuse', async () => {
    const { code, stderr, requests } = await run(
      ['correct', ...TARGET, '--set', 'timestamp=yesterday'],
      TAKEN,
    )
    expect([code, requests]).toEqual([2, []])
    expect(stderr).toContain('millrace: --set timestamp must be an ISO 8601 time')
  })

  it.each<[string[], string]>([
    [['correct', ...TARGET], 'say what is to be replaced: --set <field=value>'],
    [['correct', ...TARGET, '--set', 'userId='], '--set userId '],
    [['retract', ...TARGET, '--reason', ' '], '--reason must say why'],
    [['retract', '', ...TARGET.slice(1)], 'the message id '],
  ])('says of %j in words of the command line what is wrong', async (args, message) => {
    const { code, stderr, requests } = await run(args, TAKEN)
    expect([code, requests]).toEqual([2, []])
    expect(stderr).toContain(`millrace: ${message}`)
  })

  it('says why the collector does not let it count', async () => {
    const receipt = {
      index: 0,
      status: 'quarantined',
      reason: 'secret_key_required',
      message: 'needs the secret key',
    }
    const { code, stderr } = await run(['retract', ...TARGET], {
      status: 200,
      body: { success: true, receipts: [receipt] },
    })
    expect([code, stderr]).toEqual([
      1,
      'millrace: the collector answers quarantined, secret_key_required: needs the secret key\n',
    ])
  })

  it.each([
    [401, { success: false, message: 'no such key' }, 'no such key (HTTP 401)'],
    [200, 'hello', 'http://127.0.0.1:8787 does not answer as a Millrace collector (HTTP 200)'],
  ])('says what HTTP %i means', async (status, body, message) => {
    expect(await run(['retract', ...TARGET], { status, body })).toMatchObject({
      code: 1,
      stderr: `millrace: ${message}\n`,
    })
  })

  it('prints its id as JSON too', async () => {
    const { stdout } = await run(['retract', ...TARGET, '--json'], TAKEN)
    expect(JSON.parse(stdout)).toEqual({ id: expect.any(String), kind: 'accepted' })
  })
})

describe('millrace merges', () => {
  it('says who was joined by which alias, and who was parted', async () => {
    const rows = [
      { at: '2026-11-22T10:00:00Z', userId: 'old', personBefore: 'ann', personAfter: 'old', alias: '' },
      { at: '2026-11-21T10:00:00Z', userId: 'old', personBefore: 'old', personAfter: 'ann', alias: 'm9' },
    ]
    const merges = async (some: typeof rows) => {
      const body = some.map((row) => JSON.stringify(row)).join('\n')
      return (await run(['merges', '--source', 'dev'], { status: 200, body })).stdout
    }
    expect(await merges(rows)).toBe(
      `2026-11-22T10:00:00Z  old was parted from ann, and is old: it was joined to ann by the alias m9
2026-11-21T10:00:00Z  old was joined to ann by the alias m9
`,
    )
    // What joined them is not among the latest.
    expect(await merges(rows.slice(0, 1))).toBe('2026-11-22T10:00:00Z  old was parted from ann, and is old\n')
    expect(await merges(rows.slice(1))).toMatch(
      /by the alias m9\nto part them again, retract the alias: millrace retract /,
    )
  })
})
