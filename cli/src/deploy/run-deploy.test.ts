/** Deployments from their first question to their summary, over an account that remembers. */

import { definePlan } from '@millrace/schemas/config'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Interrupted } from '../init/questions.ts'
import type { DeployEffects } from './effects.ts'
import { createFakeCloudflare, type Instead, refused, refusedByApi } from './fake-cloudflare.ts'
import { createFakeDeployment, type FakeDeployment, KNOWN } from './fake-deployment.ts'

const CREATED = [
  'queues create millrace-dead',
  'queues create millrace-events',
  'queues create millrace-retry',
  'r2 bucket create millrace-lake',
]
const DEPLOYED = 'deploy --secrets-file secrets.json'
const KEPT = 'r2 object put millrace-lake/deploy/plan.json --remote --pipe --content-type application/json'

/** Commands that changed something. */
const effectsOf = ({ cloudflare }: FakeDeployment) =>
  cloudflare.calls.filter((call) => !/ info |^whoami|^secret|--dry-run| get /.test(call))

const withAnswers = (instead: Instead) => createFakeDeployment(createFakeCloudflare({ instead }))

const planOf = (version: string, properties: z.ZodType<object, object>) =>
  definePlan({ events: { Bought: { version, owner: 'shop', description: 'A purchase.', properties } } })

function withPlan(world: FakeDeployment, plan: ReturnType<typeof planOf>): void {
  world.config = { ...world.config, sources: world.config.sources.map((source) => ({ ...source, plan })) }
}

describe('the first deployment', () => {
  it('makes what is missing, migrates, sends the Worker with its secrets, proves it and keeps the plan, in that order', async () => {
    const world = createFakeDeployment()
    const { report, text, secretText } = await world.deploy()
    expect(effectsOf(world)).toEqual([...CREATED, DEPLOYED, KEPT])
    expect(world.warehouse.applied).toEqual(['0001_events.sql', '0002_facts.sql'])
    expect([...world.cloudflare.account.secrets]).toEqual([
      ['CLICKHOUSE_PASSWORD', 'pw-topsecret-1'],
      ['WEB_SECRET_KEY', 'made-secret-1'],
      ['WEB_READ_TOKEN', 'made-secret-2'],
    ])
    expect(world.warehouse.events).toEqual(['doctor-0123456789abcdef'])
    expect([report.exitCode, report.addresses, report.versionId]).toEqual([
      0,
      ['https://millrace.shop.workers.dev'],
      'v1',
    ])
    expect(report.steps.map(({ state }) => state)).toEqual(Array(7).fill('done'))
    expect(text).toMatch(/^1\/8 checks … ok /)
    expect(text).toMatch(
      /\n7\/8 proof … ok, one event of web: taken after 40 ms, in ClickHouse after 40 ms\n/,
    )
    expect(text).toContain(
      '<script async src="https://millrace.shop.workers.dev/millrace.js" data-write-key="wk_1" data-auto-page></script>',
    )
    expect(text).toContain('npx wrangler rollback')
    expect(secretText).toMatch(/WEB_SECRET_KEY=made-secret-1\n {2}WEB_READ_TOKEN=made-secret-2\n$/)
    expect(text).not.toMatch(/topsecret|made-secret/)
  })

  it('has secrets in no argument and no variable, and leaves no file behind', async () => {
    const world = createFakeDeployment()
    await world.deploy({ typed: { WEB_SECRET_KEY: 'typed-1' } })
    const { calls, options, account } = world.cloudflare
    expect(account.secrets.get('WEB_SECRET_KEY')).toBe('typed-1')
    expect(JSON.stringify([calls, options.map(({ env, stdin }) => [env, stdin])])).not.toMatch(
      /topsecret|typed-1|made-/,
    )
  })

  it('takes what is in a file of secrets, which is not the .dev.vars of development', async () => {
    const world = createFakeDeployment()
    const read: string[] = []
    const readText = async (path: string) => {
      read.push(path)
      return path.endsWith('.dev.vars.staging')
        ? 'WEB_SECRET_KEY=of-the-file\nWEB_READ_TOKEN="also $HOME"'
        : undefined
    }
    world.bindings = { definedEnvironments: ['staging'] }
    await world.deploy({ options: { environment: 'staging', hasTerminal: false }, effects: { readText } })
    expect([...new Set(read)]).toEqual(['/project/.dev.vars.staging'])
    expect(world.cloudflare.account.secrets.get('WEB_READ_TOKEN')).toBe('also $HOME')
    expect(world.cloudflare.calls).toContain('queues create millrace-dead --env staging')
  })

  it('goes by the address that was typed', async () => {
    const world = createFakeDeployment()
    const { report } = await world.deploy({ options: { url: 'https://collect.shop.example' } })
    expect(report.addresses).toEqual(['https://collect.shop.example'])
  })
})

describe('a deployment for which nobody knows the password', () => {
  it('asks for it once, under the checks, and sends it up', async () => {
    const world = createFakeDeployment()
    const asked: string[] = []
    const askSecret = async (question: string) => {
      asked.push(question.split(' ')[0] ?? '')
      return question.startsWith('CLICKHOUSE_PASSWORD') ? 'pw-topsecret-2' : ''
    }
    const { report, text } = await world.deploy({ options: { env: {} }, effects: { askSecret } })
    expect([report.exitCode, asked]).toEqual([0, ['CLICKHOUSE_PASSWORD', 'WEB_SECRET_KEY', 'WEB_READ_TOKEN']])
    expect(world.cloudflare.account.secrets.get('CLICKHOUSE_PASSWORD')).toBe('pw-topsecret-2')
    expect(text).toMatch(/^1\/8 checks … \n {6}ClickHouse has to be asked [^\n]*\n {6}ok /)
  })

  it('is left before anything was done', async () => {
    const world = createFakeDeployment()
    const askSecret = async () => Promise.reject(new Interrupted('interrupted'))
    const { report, text } = await world.deploy({ options: { env: {} }, effects: { askSecret } })
    expect([report.exitCode, effectsOf(world)]).toEqual([130, []])
    expect(text).toContain('interrupted before anything was done')
  })
})

describe('another deployment', () => {
  it('does nothing that is done but send the Worker anew', async () => {
    const world = createFakeDeployment()
    await world.deploy()
    world.cloudflare.calls.length = 0
    const { report, text, secretText } = await world.deploy({ options: { hasTerminal: false } })
    expect(effectsOf(world)).toEqual(['deploy'])
    expect([report.exitCode, secretText]).toEqual([0, ''])
    expect(text).toMatch(
      /2\/8 queues and bucket … ok, all 4 are there\n3\/8 tables of ClickHouse … ok, nothing is pending\n4\/8 secrets … ok, all 3 are set\n/,
    )
    expect(text).toContain('8/8 tracking plan … ok, the same as before')
    expect(world.warehouse.applied).toHaveLength(2)
  })

  it('sends only the secret that is new', async () => {
    const world = createFakeDeployment()
    await world.deploy()
    world.cloudflare.account.secrets.delete('WEB_READ_TOKEN')
    await world.deploy({ typed: { WEB_READ_TOKEN: 'typed-2' } })
    expect(world.cloudflare.account.secrets.get('WEB_SECRET_KEY')).toBe('made-secret-1')
    expect(world.cloudflare.account.secrets.get('WEB_READ_TOKEN')).toBe('typed-2')
  })

  it('refuses a plan that breaks the deployed one, before anything is done, unless that is allowed', async () => {
    const world = createFakeDeployment()
    withPlan(world, planOf('1-0-0', z.object({ value: z.number() })))
    await world.deploy()
    withPlan(world, planOf('1-1-0', z.object({ value: z.number(), currency: z.string() })))
    world.cloudflare.calls.length = 0
    const no = await world.deploy()
    expect([no.report.exitCode, effectsOf(world)]).toEqual([1, []])
    expect(no.report.problems).toMatchObject([
      { check: 'tracking plan, Bought of web', says: expect.stringMatching(/give --allow-breaking/) },
    ])
    expect(no.text).toContain('This event passed before and would break the plan now:')
    const yes = await world.deploy({ options: { allowsBreaking: true } })
    expect([yes.report.exitCode, effectsOf(world)]).toEqual([0, ['deploy', KEPT]])
    expect((await world.deploy()).text).toContain('8/8 tracking plan … ok, the same as before')
  })

  it('refuses to compare with what is no plan', async () => {
    const world = createFakeDeployment()
    await world.deploy()
    world.cloudflare.account.objects.set('millrace-lake/deploy/plan.json', '{"version":9}')
    expect((await world.deploy()).report.problems).toMatchObject([{ check: 'tracking plan' }])
    expect((await world.deploy({ options: { allowsBreaking: true } })).report.exitCode).toBe(0)
  })
})

describe('a deployment that must not begin', () => {
  const refusals: [string, (world: FakeDeployment) => void, RegExp][] = [
    [
      'not logged in',
      ({ cloudflare }) => {
        cloudflare.account.isLoggedIn = false
      },
      /login: wrangler is not logged in -> log in: `npx wrangler login`/,
    ],
    [
      'ClickHouse away',
      ({ warehouse }) => {
        warehouse.isAway = true
      },
      /address: no answer/,
    ],
    [
      'ClickHouse on this machine',
      (world) => setVars(world, { CLICKHOUSE_URL: 'http://localhost:8123' }),
      /variables: .* which a deployed Worker cannot reach/,
    ],
    [
      'no address of ClickHouse',
      (world) => setVars(world, { CLICKHOUSE_URL: 'clickhouse.example' }),
      /CLICKHOUSE_URL: is no http or https address/,
    ],
    [
      'the address that stands for none',
      (world) => setVars(world, { CLICKHOUSE_URL: 'https://clickhouse.invalid:8443' }),
      /CLICKHOUSE_URL: is still the placeholder/,
    ],
    ['another mode', (world) => setVars(world, { MILLRACE_ENV: 'prod' }), /MILLRACE_ENV: "prod" is none/],
    [
      'SELF of another Worker',
      (world) => {
        world.bindings = { services: [{ binding: 'SELF', service: 'other' }] }
      },
      /service SELF: SELF is other/,
    ],
  ]
  it.each(refusals)('%s', async (_, change, expected) => {
    const world = createFakeDeployment()
    change(world)
    const { report, text } = await world.deploy()
    expect([report.exitCode, effectsOf(world), world.warehouse.applied]).toEqual([1, [], []])
    expect(report.problems.map(({ check, says, mend }) => `${check}: ${says} -> ${mend}`).join('\n')).toMatch(
      expected,
    )
    expect(text).toContain('Nothing was done.')
  })

  it('says once that there is no address of ClickHouse yet, and asks neither it nor for its password', async () => {
    const world = createFakeDeployment()
    setVars(world, { CLICKHOUSE_URL: 'https://clickhouse.invalid:8443' })
    const asked: string[] = []
    const ask = async (what: string) => Promise.reject(new Error(asked.push(what).toString()))
    const openWarehouse: DeployEffects['openWarehouse'] = () => ({
      ...{ check: () => ask('check'), plan: () => ask('plan'), migrate: () => ask('migrate') },
      run: () => ask('run'),
    })
    const askSecret = ask
    for (const isDryRun of [false, true]) {
      const { report, text } = await world.deploy({
        options: { env: {}, isDryRun },
        effects: { openWarehouse, askSecret },
      })
      expect([report.exitCode, asked]).toEqual([1, []])
      expect(report.problems).toMatchObject([{ group: 'wrangler.toml', check: 'CLICKHOUSE_URL' }])
      expect(text).toMatch(/^1\/8 checks … 1 problem stands in the way\n/)
      expect(text.match(/PROBLEM/g)).toHaveLength(1)
      expect(text).not.toContain('\nClickHouse\n')
      expect(text).toContain(
        isDryRun
          ? 'would do for the Worker millrace, account Shop Ltd, once the checks pass; nothing was changed.\n'
          : '\n\n1 problem\nNothing was done.\n',
      )
    }
  })

  it('asks the ClickHouse that was typed, whatever stands in wrangler.toml', async () => {
    const world = createFakeDeployment()
    setVars(world, { CLICKHOUSE_URL: 'https://clickhouse.invalid:8443' })
    world.warehouse.isAway = true
    const { report } = await world.deploy({ options: { clickhouseUrl: 'https://db.example' } })
    expect(report.problems).toMatchObject([{ check: 'address' }, { check: 'CLICKHOUSE_URL' }])
  })

  it('because the address that was typed stands for none', async () => {
    const world = createFakeDeployment()
    world.warehouse.isAway = true
    const { report } = await world.deploy({ options: { clickhouseUrl: 'https://clickhouse.invalid:8443' } })
    expect(report.problems).toMatchObject([{ group: 'ClickHouse', check: 'address' }])
  })

  it('because the environment would take the route of production, which it inherits', async () => {
    const world = createFakeDeployment()
    const routes = [{ pattern: 'events.shop.example', custom_domain: true }]
    world.bindings = { definedEnvironments: ['staging'], routes }
    world.production = { ...world.production, routes }
    const { report } = await world.deploy({ options: { environment: 'staging' } })
    expect(report.problems).toMatchObject([{ check: 'route events.shop.example' }])
    expect(effectsOf(world)).toEqual([])
  })

  it('because of secrets names all of them at once where nobody can be asked', async () => {
    const world = createFakeDeployment()
    const { report } = await world.deploy({ options: { hasTerminal: false, env: {} } })
    expect(report.problems).toMatchObject([
      {
        check: 'secrets',
        says: expect.stringMatching(
          /^CLICKHOUSE_PASSWORD \(wrangler.toml\), WEB_SECRET_KEY \(sources\[0\].secretKeyVar\), WEB_READ_TOKEN .* not set/,
        ),
      },
    ])
    expect(effectsOf(world)).toEqual([])
  })

  it('because the Worker cannot be bundled', async () => {
    const world = withAnswers((call) =>
      call.startsWith('deploy --dry-run')
        ? refused(
            'Build failed with 1 error:\n\n✘ [ERROR] Could not resolve "./plan.ts"\n\n    worker.ts:3:17',
          )
        : undefined,
    )
    const { report } = await world.deploy()
    expect(report.problems).toMatchObject([
      { check: 'bundle', says: 'Could not resolve "./plan.ts" worker.ts:3:17' },
    ])
    expect(effectsOf(world)).toEqual([])
  })

  it('because Cloudflare does not answer in time', async () => {
    const hang = { code: undefined, stdout: '', stderr: 'wrangler did not end within 60 s' }
    const world = withAnswers((call) => (call.startsWith('queues info millrace-retry') ? hang : undefined))
    const { report } = await world.deploy()
    expect(report.problems).toMatchObject([
      { check: 'queue millrace-retry', says: 'wrangler did not end within 60 s' },
    ])
    expect(effectsOf(world)).toEqual([])
  })

  it('because the token may not do it, and says what it needs', async () => {
    const world = withAnswers((call) =>
      call.includes('queues info') ? refusedByApi('Authentication error', 10000) : undefined,
    )
    const { report } = await world.deploy()
    expect(report.problems[0]).toMatchObject({
      says: 'the login or token may not ask about it',
      mend: expect.stringContaining('Queues'),
    })
  })

  const loss = { origin: '0003_drop.sql', what: 'drops the table old', why: '', rows: 12, tableBytes: 100 }
  it('because rows would be lost and nobody can be asked; --yes allows it, and so does the answer yes', async () => {
    const world = createFakeDeployment()
    world.warehouse.statements = [{ origin: '0003_drop.sql', sql: 'DROP TABLE old', isSkipped: false, loss }]
    const env = { ...KNOWN, WEB_SECRET_KEY: 'sk-topsecret', WEB_READ_TOKEN: 'rt-topsecret' }
    const alone = { options: { hasTerminal: false, env } }
    expect((await world.deploy(alone)).report.problems).toMatchObject([{ check: 'loss by 0003_drop.sql' }])
    // A dry run fails where the deployment would be refused.
    const dry = await world.deploy({ options: { ...alone.options, isDryRun: true } })
    expect([dry.report.exitCode, dry.report.problems]).toMatchObject([
      1,
      [{ check: 'loss by 0003_drop.sql' }],
    ])
    expect((await world.deploy({ effects: { confirm: async () => false } })).report.exitCode).toBe(1)
    expect(effectsOf(world)).toEqual([])
    expect((await world.deploy()).report.exitCode).toBe(0)
    expect((await world.deploy({ options: { ...alone.options, isYes: true } })).report.exitCode).toBe(0)
  })
})

function setVars(world: FakeDeployment, vars: Record<string, string>): void {
  const all = {
    MILLRACE_ENV: 'production',
    CLICKHOUSE_URL: 'https://c.example',
    CLICKHOUSE_USER: 'w',
    CLICKHOUSE_DATABASE: 'millrace',
  }
  world.bindings = { vars: { ...all, ...vars } }
}

describe('a deployment that fails on its way', () => {
  const failures: [string, Instead, RegExp][] = [
    [
      'a name that is taken',
      (call) =>
        /bucket (create|info)/.test(call)
          ? refusedByApi(
              call.includes('create')
                ? 'The bucket you tried to create already exists.'
                : 'The specified bucket does not exist.',
              10004,
            )
          : undefined,
      /the bucket millrace-lake could not be made: The bucket you tried to create already exists[\s\S]*-> the name is taken/,
    ],
    [
      'a limit',
      (call) =>
        call.includes('queues create')
          ? refusedByApi('You have reached the limit of queues.', 11010)
          : undefined,
      /-> delete what nobody needs \(`npx wrangler queues list`\)/,
    ],
    [
      'a wrangler that hangs',
      (call) =>
        call.includes('queues create millrace-retry')
          ? { code: undefined, stdout: '', stderr: 'wrangler did not end within 60 s' }
          : undefined,
      /the queue millrace-retry could not be made: wrangler did not end within 60 s/,
    ],
    [
      'a refused Worker',
      (call) =>
        call === DEPLOYED ? refusedByApi('Script startup exceeded CPU time limit.', 10021) : undefined,
      /wrangler deploy failed: Script startup exceeded CPU time limit/,
    ],
  ]
  it.each(failures)('says why and what is left: %s', async (_, instead, expected) => {
    const world = withAnswers(instead)
    const { report, text } = await world.deploy()
    expect(report.exitCode).toBe(1)
    expect(text).toMatch(expected)
    expect(text).toMatch(/Not deployed to its end\. Done: .*\. Left: .*tracking plan\. Run it again/)
  })

  it('tells no secret that an error quotes', async () => {
    const world = withAnswers((call) =>
      call === DEPLOYED ? refusedByApi('Bad value pw-topsecret-1 and made-secret-1.', 10021) : undefined,
    )
    const { report, text } = await world.deploy()
    expect(text).toContain('Bad value [HIDDEN] and [HIDDEN].')
    expect(JSON.stringify(report)).not.toMatch(/topsecret|made-secret/)
  })

  it('tells neither a password in an address nor the token of Cloudflare', async () => {
    const env = {
      ...KNOWN,
      CLICKHOUSE_URL: 'https://worker:pw-topsecret-9@clickhouse.example',
      CLOUDFLARE_API_TOKEN: 'token-topsecret',
    }
    const world = withAnswers((call) =>
      call === DEPLOYED ? refused(`${env.CLOUDFLARE_API_TOKEN} and ${env.CLICKHOUSE_URL}`) : undefined,
    )
    const { report, text } = await world.deploy({ options: { env } })
    expect(text).toContain('wrangler deploy failed: [HIDDEN] and https://worker:[HIDDEN]@clickhouse.example')
    expect(JSON.stringify(report) + text).not.toContain('topsecret')
  })

  it('takes no letter of its own text for a secret that is as short', async () => {
    const world = createFakeDeployment(createFakeCloudflare({ isLoggedIn: false }))
    const { text } = await world.deploy({ options: { env: { CLICKHOUSE_PASSWORD: 'x' } } })
    expect(text).toContain('`npx wrangler login`')
  })

  it('goes on after the Worker was refused, and neither migrates nor makes anything twice', async () => {
    let isRefusing = true
    const world = withAnswers((call) =>
      isRefusing && call === DEPLOYED ? refused('fetch failed') : undefined,
    )
    const first = await world.deploy()
    expect(first.text).toContain(
      'Done: queues and bucket, tables of ClickHouse, secrets. Left: Worker, front door, proof, tracking plan.',
    )
    // It may have landed, so what was made is told.
    expect(first.secretText).toContain('WEB_SECRET_KEY=made-secret-1')
    isRefusing = false
    const { report } = await world.deploy()
    expect(report.exitCode).toBe(0)
    expect(effectsOf(world)).toEqual([...CREATED, DEPLOYED, DEPLOYED, KEPT])
    expect(world.warehouse.applied).toHaveLength(2)
  })

  it('takes a queue for made that somebody else made meanwhile', async () => {
    let infos = 0
    const world = withAnswers((call) => {
      if (call === 'queues info millrace-dead' && infos++ === 0)
        return refused('Queue "millrace-dead" does not exist.')
      return undefined
    })
    world.cloudflare.account.queues.push('millrace-dead')
    const { report, text } = await world.deploy()
    expect(report.exitCode).toBe(0)
    expect(text).toContain('the queue millrace-dead is there')
  })
})

describe('the proof of a deployment', () => {
  it('that does not arrive names the stage, and says that the deployment is done', async () => {
    const world = createFakeDeployment()
    world.door.loses = true
    const { report, text } = await world.deploy()
    expect(report.exitCode).toBe(1)
    expect(text).toMatch(
      /FAILED: the event of web was taken after 40 ms, and is not in ClickHouse after 60 s/,
    )
    expect(text).toContain('-> see the stage after the front door: the consumers')
    expect(text).toContain('The deployment itself is done')
    // What is deployed is what the next one is compared with.
    expect(effectsOf(world).at(-1)).toBe(KEPT)
  })

  it('is left at once when it is interrupted', async () => {
    const world = createFakeDeployment()
    world.door.loses = true
    const interruption = new AbortController()
    let slept = 0
    const sleep = async () => {
      slept += 1
      interruption.abort()
      if (slept > 9) throw new Error('goes on')
    }
    const { report } = await world.deploy({ options: { signal: interruption.signal }, effects: { sleep } })
    expect([report.exitCode, slept]).toEqual([130, 1])
  })

  it('waits for the front door with patience that ends', async () => {
    const world = createFakeDeployment()
    world.door.health = 522
    const { report, text } = await world.deploy()
    expect(text).toContain('does not answer yet; a new name takes a minute or two, waiting up to 180 s')
    expect(text).toMatch(
      /FAILED: https:\/\/millrace\.shop\.workers\.dev does not answer as a collector after 180 s: not here \(HTTP 522\)/,
    )
    expect(report.exitCode).toBe(1)
  })

  it('goes through workers.dev where the own domain has no certificate yet', async () => {
    const world = createFakeDeployment()
    world.bindings = { routes: [{ pattern: 'events.shop.example', custom_domain: true }] }
    world.cloudflare.account.address = 'millrace.shop.workers.dev and events.shop.example (custom domain)'
    world.door.silent = 'events.shop.example'
    const { report, text } = await world.deploy()
    expect(text).toMatch(
      /6\/8 front door … [\s\S]*https:\/\/millrace\.shop\.workers\.dev answers; https:\/\/events\.shop\.example does not yet/,
    )
    expect([report.exitCode, world.warehouse.events.length]).toEqual([0, 1])
  })

  it('tries again where the Worker of before may have answered, and then says what it said', async () => {
    const world = createFakeDeployment()
    world.door.batch = 401
    const { text } = await world.deploy()
    expect(text).toMatch(/FAILED: the front door did not take the event of web: not here \(HTTP 401\)/)
  })

  it('is left out when that is asked for, and where there is no source', async () => {
    const world = createFakeDeployment()
    expect((await world.deploy({ options: { skipsProof: true } })).text).toContain(
      '7/8 proof … skipped (--no-proof)',
    )
    world.config = { sources: [] }
    expect((await world.deploy()).text).toContain('7/8 proof … skipped: there is no source')
    expect(world.warehouse.events).toEqual([])
  })

  it('says so where ClickHouse cannot be asked', async () => {
    const world = createFakeDeployment()
    world.warehouse.isAway = true
    const { report, text } = await world.deploy({ options: { skipsMigrations: true } })
    expect(text).toContain('3/8 tables of ClickHouse … skipped (--skip-migrations)')
    expect(text).toMatch(/FAILED: ClickHouse cannot be asked whether an event came/)
    expect([report.exitCode, world.warehouse.applied]).toEqual([1, []])
  })
})

describe('a dry run', () => {
  it('asks everything, changes nothing, and prints every command', async () => {
    const world = createFakeDeployment()
    const { report, text } = await world.deploy({ options: { isDryRun: true } })
    expect([report.exitCode, effectsOf(world), world.warehouse.applied]).toEqual([0, [], []])
    expect(text).toContain('npx wrangler queues create millrace-dead --config /project/wrangler.toml\n')
    expect(text).toContain('      0001_events.sql\n      0002_facts.sql\n')
    expect(text).toContain('up with the Worker: CLICKHOUSE_PASSWORD, WEB_SECRET_KEY (asked for, or made)')
    expect(text).toContain('bundle: 475.7 KiB after gzip')
    expect(report.plan?.create).toEqual([
      'queue millrace-dead',
      'queue millrace-events',
      'queue millrace-retry',
      'bucket millrace-lake',
    ])
  })

  it('says what it could not ask where nobody is logged in, and is no failure for it', async () => {
    const world = createFakeDeployment(createFakeCloudflare({ isLoggedIn: false }))
    const { report, text } = await world.deploy({ options: { isDryRun: true } })
    expect([report.exitCode, world.cloudflare.calls]).toEqual([0, ['whoami --json', 'deploy --dry-run']])
    expect(text).toContain('Cloudflare was not asked what is there')
    expect(text).toContain('unchecked  login: wrangler is not logged in')
  })
})

describe('a deployment that is interrupted', () => {
  /** Names of the places where it can be. */
  async function listCuts(): Promise<string[]> {
    const world = createFakeDeployment()
    const cuts: string[] = []
    world.onEffect = (name) => void cuts.push(name)
    await world.deploy()
    return cuts
  }

  it.each(['Ctrl-C', 'a kill'])(
    'by %s comes to the same end when it is run again, wherever it was, and does nothing twice',
    async (how) => {
      const whole = createFakeDeployment()
      await whole.deploy()
      const cuts = await listCuts()
      expect(cuts).toHaveLength(2 * (CREATED.length + 2 + 2))
      for (const [index, cut] of cuts.entries()) {
        const world = createFakeDeployment()
        const first = await cutOff(world, index, how)
        if (how === 'Ctrl-C') expect([cut, first?.report.exitCode]).toEqual([cut, 130])
        else expect(first?.report.exitCode).not.toBe(0)
        const secrets = [...world.cloudflare.account.secrets]
        const again = await world.deploy()
        expect([cut, again.report.exitCode, endOf(world)]).toEqual([cut, 0, endOf(whole)])
        expect(world.cloudflare.calls.filter((call) => CREATED.includes(call))).toEqual(CREATED)
        // A key that clients may have by now is never replaced.
        expect([...world.cloudflare.account.secrets]).toEqual(expect.arrayContaining(secrets))
      }
    },
  )

  /** `undefined`: it did not live to say anything. */
  async function cutOff(world: FakeDeployment, index: number, how: string) {
    const interruption = new AbortController()
    let seen = 0
    world.onEffect = () => {
      if (seen++ !== index) return
      if (how === 'a kill') throw new Error('killed')
      interruption.abort()
    }
    const ended = await world.deploy({ options: { signal: interruption.signal } }).catch(() => undefined)
    world.onEffect = () => {}
    return ended
  }

  it('says what is done and what is left', async () => {
    const world = createFakeDeployment()
    const { text } = (await cutOff(world, 10, 'Ctrl-C')) ?? {}
    expect(text).toContain(
      'Interrupted. Done: queues and bucket. Left: tables of ClickHouse, secrets, Worker, front door, proof, tracking plan. Run it again',
    )
  })

  const endOf = ({ cloudflare: { account }, warehouse }: FakeDeployment) => ({
    queues: account.queues,
    buckets: account.buckets,
    objects: [...account.objects],
    secrets: [...account.secrets.keys()],
    applied: warehouse.applied,
  })

  it('before anything was done says just that', async () => {
    const world = createFakeDeployment()
    const { report, text } = await world.deploy({ options: { signal: AbortSignal.abort() } })
    expect([report.exitCode, effectsOf(world)]).toEqual([130, []])
    expect(text).toContain('interrupted before anything was done')
  })
})
