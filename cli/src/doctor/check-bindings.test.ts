/** Over the repository's own `wrangler.toml`, whole and with one thing taken away, as wrangler reads it. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { checkBindings } from './check-bindings.ts'
import { RATE_LIMITS, REQUIRED_QUEUES, REQUIRED_VARS, TRIES_A_ROUND } from './required-bindings.ts'
import { readWranglerConfig } from './wrangler-config.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const OWN = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'millrace-bindings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0

/** Findings other than ok. */
async function check(text: string, environment?: string) {
  const file = join(folder, `${count++}.toml`)
  writeFileSync(file, text)
  const config = await readWranglerConfig(file, environment)
  return checkBindings(config, { file: 'wrangler.toml', environment }).filter(({ state }) => state !== 'ok')
}

/** The file with an address that can be reached, which leaves nothing to say. */
const GOOD = OWN.replace('http://127.0.0.1:8123', 'https://clickhouse.example')

function without(part: string | RegExp, replacement = ''): string {
  const text = GOOD.replace(part, replacement)
  if (text === GOOD) throw new Error(`wrangler.toml has no ${part}`)
  return text
}

/** A list of tables up to the next empty line, with the comment before it left alone. */
const tableOf = (head: string, content: string) =>
  new RegExp(`\\[\\[${head.replaceAll('.', '\\.')}\\]\\]\\n${content}[^[]*?\\n(?=\\n|$)`)

describe('checkBindings', () => {
  it('has nothing to say of the file of the release but that ClickHouse is on this machine', async () => {
    expect(await check(GOOD)).toEqual([])
    expect(await check(OWN)).toMatchObject([{ check: 'variables', state: 'warning' }])
  })

  it.each<[string, string, string, RegExp, RegExp]>([
    [
      'a consumer',
      without(tableOf('queues.consumers', 'queue = "millrace-retry"')),
      'queue retry',
      /nothing consumes millrace-retry/,
      /\[\[queues\.consumers\]\] with queue = "millrace-retry" and max_retries = 100, dead_letter_queue = "millrace-dead"/,
    ],
    [
      'the consumer of dead letters',
      without(tableOf('queues.consumers', 'queue = "millrace-dead"')),
      'queue dead',
      /nothing consumes millrace-dead/,
      /queue = "millrace-dead" and max_retries = 100 into/,
    ],
    [
      'a producer',
      without(tableOf('queues.producers', 'queue = "millrace-dead"')),
      'queue dead',
      /no producer DEAD_QUEUE/,
      /binding = "DEAD_QUEUE"/,
    ],
    [
      'a dead-letter queue',
      without('dead_letter_queue = "millrace-dead"\n'),
      'queue events',
      /is deleted: there is no dead_letter_queue/,
      /dead_letter_queue = "millrace-dead" beside queue = "millrace-events"/,
    ],
    [
      'tries',
      without(/(queue = "millrace-retry"\nmax_batch[\s\S]*?)max_retries = 100/, '$1max_retries = 90'),
      'queue retry',
      /max_retries is 90, under 91/,
      /max_retries = 100/,
    ],
    [
      'tries that are said',
      without(/(queue = "millrace-dead"[\s\S]*?)max_retries = 100\n(?=\n\[\[r2)/, '$1'),
      'queue dead',
      /max_retries is 3, under 100/,
      /max_retries = 100/,
    ],
    [
      'the bucket',
      without(tableOf('r2_buckets', 'binding = "LAKE"')),
      'bucket',
      /there is no LAKE/,
      /\[\[r2_buckets\]\]/,
    ],
    [
      'the live object',
      without(tableOf('durable_objects.bindings', 'name = "LIVE"')),
      'live object',
      /not bound to LiveAggregator/,
      /class_name = "LiveAggregator"/,
    ],
    [
      'its migration',
      without('new_sqlite_classes = ["LiveAggregator"]'),
      'live object',
      /no migration/,
      /new_sqlite_classes/,
    ],
    [
      'the cron',
      without('crons = ["* * * * *"]', 'crons = []'),
      'cron',
      /nothing is computed/,
      /crons = \["\* \* \* \* \*"\]/,
    ],
    ['assets', without(/\[assets\]\n.*\n.*\n/), 'assets', /not served/, /binding = "ASSETS"/],
    [
      'a variable',
      without('CLICKHOUSE_USER = "default"\n'),
      'variables',
      /CLICKHOUSE_USER not set/,
      /CLICKHOUSE_USER = "\.\.\." under \[vars\]/,
    ],
    [
      'production',
      without('MILLRACE_ENV = "production"', 'MILLRACE_ENV = "development"'),
      'variables',
      /published keys/,
      /MILLRACE_ENV = "production"/,
    ],
    [
      'a name by which the Worker knows the queue',
      without(/"millrace-retry"/g, '"millrace-again"'),
      'queue retry',
      /takes it for another/,
      /ends in -retry/,
    ],
  ])('notices a missing part: %s', async (_, text, subject, says, mend) => {
    const found = await check(text)
    expect(found).toMatchObject([{ check: subject, state: 'problem' }])
    expect(found[0]?.says).toMatch(says)
    expect(found[0]?.mend).toMatch(mend)
  })

  it.each<[string, string, string]>([
    ['rate limits', without(tableOf('ratelimits', 'name = "CLIENT_LIMIT"')), 'rate limits'],
    ['a rarer cron', without('"* * * * *"', '"*/5 * * * *"'), 'cron'],
    ['computing time', without('cpu_ms = 300_000', 'cpu_ms = 30_000'), 'computing time'],
    ['logs', without('enabled = true', 'enabled = false'), 'logs'],
  ])('warns of %s', async (_, text, subject) => {
    expect(await check(text)).toMatchObject([{ check: subject, state: 'warning' }])
  })

  it('tells a password in the address without repeating it', async () => {
    const found = await check(without('https://clickhouse.example', 'https://u:pa55-w0rd@clickhouse.example'))
    expect(found).toMatchObject([{ check: 'variables', state: 'problem' }])
    expect(JSON.stringify(found)).not.toContain('pa55-w0rd')
  })

  it('holds an environment to all that it does not inherit, and says where to write it', async () => {
    const found = await check(`${GOOD}\n[env.staging]\n`, 'staging')
    expect(found.map(({ check: name }) => name)).toEqual([
      ...['queue events (env staging)', 'queue retry (env staging)', 'queue dead (env staging)'],
      ...[
        'bucket (env staging)',
        'live object (env staging)',
        'rate limits (env staging)',
        'variables (env staging)',
      ],
    ])
    expect(found[0]?.mend).toMatch(
      /\[\[env\.staging\.queues\.producers\]\].*`npx wrangler deploy --env staging`/,
    )
  })

  it('takes a file as good only where wrangler can read it', async () => {
    await expect(check('name = "x')).rejects.toThrow(/TOML/)
    await expect(check('[[queues.consumers]]\nmax_retries = "3"')).rejects.toThrow(/max_retries/)
  })
})

describe('what the doctor requires', () => {
  it('is what the code has: tries of a round, bindings of the file', () => {
    const delivery = readFileSync(join(ROOT, 'consumers/src/delivery.ts'), 'utf8')
    expect(delivery).toContain(`export const TRIES_A_ROUND = ${TRIES_A_ROUND}\n`)
    // A binding that is new in the file is new in the doctor, or is named here as one that is not needed.
    const optional = ['SELF']
    const known = [
      ...REQUIRED_QUEUES.map(({ binding }) => binding),
      ...[...RATE_LIMITS, ...REQUIRED_VARS, 'LAKE', 'LIVE', 'ASSETS', ...optional],
    ]
    const bound = [
      ...[...OWN.matchAll(/^binding = "(\w+)"/gm), ...OWN.matchAll(/^name = "([A-Z_]+)"/gm)].map(
        ([, name]) => name,
      ),
      ...[...(/\[vars\]\n([\s\S]*?)\n\n/.exec(OWN)?.[1] ?? '').matchAll(/^([A-Z_]+) =/gm)].map(
        ([, name]) => name,
      ),
    ]
    expect(bound.length).toBeGreaterThanOrEqual(13)
    expect(bound.filter((name) => !known.includes(name ?? ''))).toEqual([])
  })
})
