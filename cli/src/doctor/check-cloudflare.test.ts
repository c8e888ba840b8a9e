/** Over what wrangler 4.155 prints. */

import { describe, expect, it } from 'vitest'
import { checkCloudflare } from './check-cloudflare.ts'
import type { RunResult } from './effects.ts'

const BINDINGS = { name: 'millrace' }
const CONFIG = { sources: [{ name: 'shop', writeKeys: ['k'], secretKeyVar: 'SHOP_SECRET_KEY' }] }
const PLACE = { wrangler: 'wrangler.toml', environment: undefined }

const done = (stdout: string): RunResult => ({ code: 0, stdout, stderr: '' })
const failed = (stderr: string): RunResult => ({ code: 1, stdout: '', stderr })

const SECRETS = done(
  JSON.stringify([
    { name: 'CLICKHOUSE_PASSWORD', type: 'secret_text' },
    { name: 'SHOP_SECRET_KEY', type: 'secret_text' },
  ]),
)
const INFO = (consumers: string) =>
  done(`Queue Name: q\nNumber of Producers: 1\nProducers: worker:millrace\n${consumers}\n`)
const REGISTERED = INFO('Number of Consumers: 1\nConsumers: worker:millrace')

function check(answer: (args: readonly string[]) => RunResult, environment?: string) {
  const asked: string[] = []
  const runWrangler = async (args: readonly string[]) => {
    asked.push(args.join(' '))
    return answer(args)
  }
  return checkCloudflare(BINDINGS, CONFIG, { ...PLACE, environment }, { runWrangler }).then((findings) => ({
    findings,
    asked,
  }))
}

const answer = (secrets: RunResult, queue: (name: string) => RunResult) => (args: readonly string[]) =>
  args[0] === 'secret' ? secrets : queue(args[2] ?? '')

describe('checkCloudflare', () => {
  it('finds secrets and consumers', async () => {
    const { findings, asked } = await check(
      answer(SECRETS, () => REGISTERED),
      'staging',
    )
    expect(findings.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(asked[1]).toMatch(/^queues info millrace-events --config \/.*wrangler\.toml --env staging$/)
  })

  it.each<[string, RunResult, string, RegExp]>([
    ['none', INFO('Number of Consumers: 0'), 'problem', /none is registered/],
    [
      'that of another Worker',
      INFO('Number of Consumers: 1\nConsumers: worker:shadow'),
      'problem',
      /not the Worker millrace but worker:shadow/,
    ],
    [
      'none, of a queue that is not there',
      failed('✘ [ERROR] Queue "millrace-retry" does not exist. To create it, run: …'),
      'problem',
      /no such queue/,
    ],
    ['one that nobody can read', done('something new'), 'unknown', /does not print it/],
  ])('says of a queue whose consumer is %s', async (_, result, state, says) => {
    const { findings } = await check(
      answer(SECRETS, (name) => (name === 'millrace-retry' ? result : REGISTERED)),
    )
    const found = findings.find(({ check: title }) => title === 'consumer of millrace-retry')
    expect(found).toMatchObject({ state, says: expect.stringMatching(says) })
    expect(findings.filter(({ state: one }) => one === 'ok')).toHaveLength(3)
  })

  it('names a secret that is not set, and the command that sets it there', async () => {
    const { findings } = await check(
      answer(done('[]'), () => REGISTERED),
      'staging',
    )
    expect(findings.slice(0, 2)).toMatchObject([
      { check: 'secret CLICKHOUSE_PASSWORD', state: 'problem' },
      {
        check: 'secret SHOP_SECRET_KEY',
        state: 'problem',
        mend: 'set it: `npx wrangler secret put SHOP_SECRET_KEY --env staging`',
      },
    ])
  })

  it.each<[string, RunResult, RegExp]>([
    [
      'is not logged in',
      failed("it's necessary to set a CLOUDFLARE_API_TOKEN environment variable"),
      /not logged in/,
    ],
    [
      'is not installed',
      { code: undefined, stdout: '', stderr: 'wrangler is not installed here' },
      /not installed/,
    ],
  ])('asks once and says so where wrangler %s', async (_, result, why) => {
    const { findings, asked } = await check(() => result)
    expect(findings).toMatchObject([{ state: 'unknown', says: expect.stringMatching(why) }])
    expect(asked).toHaveLength(1)
  })
})
