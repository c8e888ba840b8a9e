/** The checks together, over a world in which all is well but for one thing. */

import { describe, expect, it } from 'vitest'
import { COLLECTOR, createWorld, NOW, type Otherwise, SECRETS } from './fake-world.ts'
import { formatFindings } from './report.ts'
import { runDoctor } from './run-doctor.ts'

async function check(otherwise: Otherwise = {}) {
  const { options, effects } = createWorld(otherwise)
  return runDoctor(options, effects)
}

/** What is not ok, as `group: check: state`. */
async function findTrouble(otherwise: Otherwise) {
  const findings = await check(otherwise)
  return findings.filter(({ state }) => state !== 'ok')
}

/** Asked of a collector elsewhere without --remote. */
const UNASKED = { group: 'Cloudflare', check: 'consumers and secrets', state: 'unknown' }

describe('runDoctor', () => {
  it('finds nothing where all is well, but that Cloudflare was not asked', async () => {
    expect(await findTrouble({})).toMatchObject([UNASKED])
    expect((await check()).length).toBeGreaterThan(25)
  })

  it.each<[string, Otherwise, string, string, string, RegExp, RegExp]>([
    [
      'a configuration that does not load',
      {
        effects: {
          loadConfig: async () =>
            Promise.reject(new Error('cannot load millrace.config.ts: sources[0].name must be unique')),
        },
      },
      'configuration',
      'millrace.config.ts',
      'problem',
      /sources\[0\]\.name must be unique/,
      /correct millrace\.config\.ts/,
    ],
    ['no source', { config: { sources: [] } }, 'configuration', 'sources', 'warning', /none/, /add one/],
    [
      'origins of any site',
      { config: { sources: [{ name: 'shop', writeKeys: ['wk_1'] }] } },
      'configuration',
      'origins of shop',
      'warning',
      /pages of any site/,
      /allowedOrigins/,
    ],
    [
      'an origin without TLS',
      {
        config: { sources: [{ name: 'shop', writeKeys: ['wk_1'], allowedOrigins: ['http://shop.example'] }] },
      },
      'configuration',
      'origins of shop',
      'warning',
      /without TLS/,
      /take it out/,
    ],
    [
      'a write key with white space',
      { config: { sources: [{ name: 'shop', writeKeys: ['wk_1 '], allowedOrigins: ['https://a.b'] }] } },
      'configuration',
      'write keys of shop',
      'problem',
      /writeKeys\[0\] has white space/,
      /without white space/,
    ],
    [
      'a secret that is a public key',
      { options: { env: { ...SECRETS, SHOP_SECRET_KEY: 'wk_2' } } },
      'configuration',
      'secret SHOP_SECRET_KEY',
      'problem',
      /value of a write key/,
      /wrangler secret put SHOP_SECRET_KEY/,
    ],
    [
      'a secret that is not set here',
      { options: { endpoint: 'http://127.0.0.1:1', env: { ...SECRETS, OPS_WEBHOOK_SECRET: '' } } },
      'configuration',
      'secret OPS_WEBHOOK_SECRET',
      'warning',
      /named by webhooks\[0\]\.secretVar/,
      /npm start/,
    ],
    [
      'an entry without queue',
      {
        effects: {
          inspectEntry: async () => ({ handlers: ['fetch', 'scheduled'], exports: ['LiveAggregator'] }),
        },
      },
      'wrangler.toml',
      'entry',
      'problem',
      /worker\.ts does not export queue: no consumer is registered/,
      /export queue from/,
    ],
    [
      'an entry without the object',
      { effects: { inspectEntry: async () => ({ handlers: ['fetch', 'queue', 'scheduled'], exports: [] }) } },
      'wrangler.toml',
      'entry',
      'problem',
      /LiveAggregator, so it cannot be deployed/,
      /export LiveAggregator/,
    ],
    [
      'an entry that cannot be bundled',
      { effects: { inspectEntry: async () => Promise.reject(new Error('Could not resolve "x"\nmore')) } },
      'wrangler.toml',
      'entry',
      'unknown',
      /Could not resolve "x"$/,
      /--dry-run/,
    ],
    [
      'files that are not built',
      { effects: { isFolder: async () => false } },
      'wrangler.toml',
      'built files',
      'warning',
      /no folder dist\/assets/,
      /npm run build/,
    ],
    [
      'files of a package that is not installed',
      {
        bindings: { assets: { binding: 'ASSETS', directory: 'node_modules/millrace/dist/assets' } },
        effects: { isFolder: async () => false },
      },
      'wrangler.toml',
      'built files',
      'warning',
      /no folder node_modules\/millrace\/dist\/assets/,
      /npm install/,
    ],
    [
      'files of a package that a workspace has further up',
      {
        bindings: { assets: { binding: 'ASSETS', directory: 'node_modules/millrace/dist/assets' } },
        options: { wrangler: '/shop/apps/events/wrangler.toml' },
        effects: { isFolder: async (path) => path === '/shop/node_modules/millrace/dist/assets' },
      },
      'wrangler.toml',
      'built files',
      'warning',
      /no folder node_modules\/millrace\/dist\/assets/,
      /directory = "\.\.\/\.\.\/node_modules\/millrace\/dist\/assets"/,
    ],
    [
      'a wrangler.toml that makes no sense',
      { effects: { readWrangler: async () => Promise.reject(new Error('Invalid TOML document')) } },
      'wrangler.toml',
      'wrangler.toml',
      'problem',
      /Invalid TOML/,
      /correct wrangler\.toml/,
    ],
    [
      'an environment that there is none of',
      { options: { environment: 'stagin' } },
      'wrangler.toml',
      'wrangler.toml',
      'problem',
      /no environment stagin/,
      /--env/,
    ],
    [
      'a collector that is away',
      { isCollectorAway: true },
      'collector',
      'address',
      'problem',
      /no collector answers .*ECONNREFUSED/,
      /deployments list/,
    ],
    [
      'somebody else at its address',
      { collector: { '/health': { hello: 1 } } },
      'collector',
      'address',
      'problem',
      /does not answer as a Millrace collector/,
      /address is right/,
    ],
    [
      'a clock that is ahead',
      { skewMs: 10_000 },
      'collector',
      'clock of the collector',
      'warning',
      /10\.0 s ahead/,
      /NTP/,
    ],
    [
      'a clock that is wrong',
      { skewMs: -3_600_000 },
      'ClickHouse',
      'clock of ClickHouse',
      'problem',
      /60 minutes behind/,
      /NTP/,
    ],
    [
      'a write key that is not deployed',
      { collector: { '/sourceConfig wk_2': { status: 404, body: { code: 'unknown_write_key' } } } },
      'collector',
      'write keys of shop',
      'problem',
      /does not know writeKeys\[1\]/,
      /wrangler deploy/,
    ],
    [
      'a write key of another source',
      { collector: { '/sourceConfig wk_1': { source: { name: 'blog' } } } },
      'collector',
      'write keys of shop',
      'problem',
      /writeKeys\[0\] is of the source blog/,
      /wrangler deploy/,
    ],
    [
      'a collector that cannot tell',
      { collector: { '/sourceConfig wk_1': { status: 503, body: { message: 'busy' } } } },
      'collector',
      'write keys of shop',
      'unknown',
      /busy/,
      /^$/,
    ],
    [
      'published keys at a deployed Worker',
      { collector: { '/sourceConfig dev': { source: { name: 'dev' } } } },
      'collector',
      'development keys',
      'problem',
      /anybody can write and read/,
      /MILLRACE_ENV = "production"/,
    ],
    [
      'another secret key than this machine has',
      { options: { env: { ...SECRETS, SHOP_SECRET_KEY: 'other-secret' } } },
      'collector',
      'secret key of shop',
      'problem',
      /refuses SHOP_SECRET_KEY as it is set here/,
      /secret put SHOP_SECRET_KEY/,
    ],
    [
      'another read token',
      { options: { env: { ...SECRETS, SHOP_READ_TOKEN: 'other-token' } } },
      'collector',
      'read token of shop',
      'problem',
      /refuses SHOP_READ_TOKEN/,
      /secret put SHOP_READ_TOKEN/,
    ],
    [
      'a read token that is not known here',
      { options: { env: { ...SECRETS, SHOP_READ_TOKEN: '' } } },
      'collector',
      'read token of shop',
      'unknown',
      /not set here/,
      /SHOP_READ_TOKEN=\.\.\. millrace doctor/,
    ],
    [
      'a ClickHouse that is away',
      { rows: 'away' },
      'ClickHouse',
      'address',
      'problem',
      /does not answer/,
      /Nothing is lost meanwhile/,
    ],
    [
      'the address that init writes where none is given',
      { options: { clickhouseUrl: 'https://clickhouse.invalid:8443' } },
      'ClickHouse',
      'address',
      'problem',
      /^https:\/\/clickhouse\.invalid:8443 is only a placeholder$/,
      /write the address of your ClickHouse/,
    ],
    [
      'a wrong password',
      { rows: { 'version()': new Error('AUTHENTICATION_FAILED') } },
      'ClickHouse',
      'address',
      'problem',
      /AUTHENTICATION_FAILED/,
      /CLICKHOUSE_PASSWORD/,
    ],
    [
      'a ClickHouse of last year',
      { rows: { 'version()': [{ version: '24.8.1' }] } },
      'ClickHouse',
      'version',
      'problem',
      /24\.8\.1/,
      /upgrade/,
    ],
    [
      'one that was not tried',
      { rows: { 'version()': [{ version: '25.12.1' }] } },
      'ClickHouse',
      'version',
      'warning',
      /older than what/,
      /when you can/,
    ],
    [
      'a right that is missing',
      { rows: { 'CHECK GRANT TRUNCATE': [{ result: 0 }] } },
      'ClickHouse',
      'rights of worker',
      'problem',
      /lacks TRUNCATE$/,
      /GRANT TRUNCATE ON millrace\.\* TO worker/,
    ],
    [
      'rights that cannot be asked for',
      { rows: { 'CHECK GRANT': new Error('Syntax error') } },
      'ClickHouse',
      'rights of worker',
      'unknown',
      /Syntax error/,
      /SHOW GRANTS/,
    ],
    [
      'no database',
      { rows: { 'system.databases': [] } },
      'ClickHouse',
      'tables',
      'problem',
      /no database millrace/,
      /npx millrace migrate --clickhouse-url https:\/\/clickhouse\.example --database millrace/,
    ],
    [
      'a database that is no name',
      { options: { database: "x'; DROP" } },
      'ClickHouse',
      'database',
      'problem',
      /name of the database/,
      /--database/,
    ],
    [
      'a spill that stays',
      {
        collector: {
          [`/v1/spill ${SECRETS.SHOP_SECRET_KEY}`]: {
            success: true,
            objects: 3,
            oldestAt: new Date(NOW - 7_200_000).toISOString(),
          },
        },
      },
      'pipeline',
      'spill',
      'warning',
      /3 objects .* 2 hours old; nothing of it is lost/,
      /millrace spill drain --source shop --endpoint https:\/\/collect\.example/,
    ],
    [
      'dead letters',
      { collector: { [`/v1/dead ${SECRETS.SHOP_SECRET_KEY}`]: { success: true, letters: [{}, {}] } } },
      'pipeline',
      'dead letters of shop',
      'warning',
      /2 batches/,
      /millrace dead list --source shop/,
    ],
    [
      'a cron that stands',
      live({ at: NOW - 3_600_000 }),
      'pipeline',
      'cron (shop)',
      'problem',
      /60 minutes ago: nothing is computed/,
      /crons stand in wrangler\.toml/,
    ],
    [
      'a cron that is late',
      live({ at: NOW - 240_000 }),
      'pipeline',
      'cron (shop)',
      'warning',
      /4 minutes ago/,
      /pulse/,
    ],
    [
      'a stage that is behind',
      live({ lagMs: 900_000 }),
      'pipeline',
      'stages of shop',
      'warning',
      /warehouse is 15 minutes behind what was received/,
      /"Stages"/,
    ],
    [
      'a stage that nobody knows',
      live({ lagMs: null }),
      'pipeline',
      'stages of shop',
      'unknown',
      /how far warehouse is/,
      /^$/,
    ],
    [
      'a monitor that fires',
      live({}, [{ name: 'orders_stopped', state: 'firing', message: '80 % fewer' }]),
      'pipeline',
      'monitors of shop',
      'warning',
      /orders_stopped fires: 80 % fewer/,
      /"Monitors"/,
    ],
    [
      'an event that nothing explains',
      {
        rows: {
          'FROM ledger AS': [{ source: 'shop', missing_events: '1', late_events: '0', received_events: '9' }],
        },
      },
      'pipeline',
      'ledger of shop',
      'problem',
      /where 1 event of the last day went/,
      /millrace books --source shop/,
    ],
    [
      'events that are long on the way',
      {
        rows: {
          'FROM ledger AS': [{ source: 'shop', missing_events: '0', late_events: '7', received_events: '9' }],
        },
      },
      'pipeline',
      'ledger of shop',
      'warning',
      /7 events on the way for over 2 hours/,
      /"Ledger: in flight"/,
    ],
    [
      'a ledger that is old',
      { rows: { 'FROM ledger_runs AS r FINAL': [{ runs: '1', up_to_ms: String(NOW - 3_600_000) }] } },
      'pipeline',
      'ledger',
      'warning',
      /60 minutes ago/,
      /job_failed/,
    ],
    [
      'a ledger that never was',
      { rows: { 'FROM ledger_runs AS r FINAL': [{ runs: '0', up_to_ms: '0' }] } },
      'pipeline',
      'ledger',
      'warning',
      /never computed, so the cron has not run/,
      /export scheduled/,
    ],
    [
      'gaps',
      { rows: { 'FROM delivery_gaps AS': [{ source: 'shop', missing_events: '7', streams: '1' }] } },
      'pipeline',
      'gaps of shop',
      'warning',
      /7 events of 1 stream never came/,
      /millrace books --source shop --gaps/,
    ],
    [
      'beats that are lost',
      { rows: { 'FROM heartbeats AS': [{ beats: '60', lost: '2', late: '0', sent_ms: String(NOW) }] } },
      'pipeline',
      'heartbeat',
      'problem',
      /2 of 60/,
      /"Heartbeat"/,
    ],
    [
      'beats that are late',
      {
        rows: {
          'FROM heartbeats AS': [
            { beats: '60', lost: '0', late: '4', sent_ms: String(NOW), live: '0', warehouse: '3', lake: '1' },
          ],
        },
      },
      'pipeline',
      'heartbeat',
      'warning',
      /4 of 60 .* longer than their objective \(warehouse 3, lake 1\)/,
      /^see the stage warehouse first: what stands under "ClickHouse"/,
    ],
    [
      'no beats',
      { rows: { 'FROM heartbeats AS': [{ beats: '0', lost: '0', late: '0', sent_ms: '0' }] } },
      'pipeline',
      'heartbeat',
      'warning',
      /none was sent/,
      /whether the cron runs/,
    ],
    [
      'beats that stopped',
      {
        rows: {
          'FROM heartbeats AS': [{ beats: '9', lost: '0', late: '0', sent_ms: String(NOW - 1_200_000) }],
        },
      },
      'pipeline',
      'heartbeat',
      'warning',
      /20 minutes ago/,
      /"Heartbeat"/,
    ],
    [
      'tables of a release before',
      { rows: { 'system.tables WHERE database': [{ name: 'ledger' }, { name: 'heartbeats' }] } },
      'pipeline',
      'gaps',
      'unknown',
      /no table delivery_gaps/,
      /npx millrace migrate/,
    ],
  ])('says of %s what it is, and how to mend it', async (_, otherwise, group, title, state, says, mend) => {
    const found = (await findTrouble(otherwise)).find((one) => one.group === group && one.check === title)
    expect(found).toMatchObject({ group, check: title, state })
    expect(found?.says).toMatch(says)
    expect(found?.mend ?? '').toMatch(mend)
  })

  it('asks no placeholder, which is a problem where something is deployed, and none on this machine', async () => {
    const asked: string[] = []
    const { effects } = createWorld()
    const of = async (endpoint: string, isRemote = false) => {
      const findings = await check({
        bindings: { vars: { CLICKHOUSE_URL: 'https://clickhouse.invalid:8443' } },
        options: { endpoint, isRemote },
        effects: {
          fetch: async (url, init) => {
            asked.push(new URL(url).hostname)
            return effects.fetch(url, init)
          },
        },
      })
      return findings.filter(
        ({ group, check: title }) => group === 'ClickHouse' || title === 'ledger, gaps, heartbeat',
      )
    }
    const unasked = { state: 'unknown', says: 'ClickHouse was not asked' }
    expect(await of('http://127.0.0.1:8787')).toMatchObject([
      { state: 'unknown', mend: expect.stringMatching(/^needed only to deploy: .*--clickhouse-url http:/) },
      unasked,
    ])
    expect(await of('http://127.0.0.1:8787', true)).toMatchObject([{ state: 'problem' }, unasked])
    expect(await of(COLLECTOR)).toMatchObject([{ state: 'problem' }, unasked])
    expect(asked).not.toContain('clickhouse.invalid')
    expect(new Set(asked)).toEqual(new Set(['127.0.0.1', 'collect.example']))
  })

  it('says how to mend every warning and every problem', async () => {
    for (const otherwise of [
      { isCollectorAway: true, rows: 'away' as const },
      { bindings: { queues: {}, vars: {} } },
      { rows: { 'version()': [{ version: '1.1' }] }, skewMs: 99_999 },
    ]) {
      for (const { state, mend = '' } of await findTrouble(otherwise)) {
        if (state !== 'unknown') expect(mend).not.toBe('')
      }
    }
  })

  it('has no heartbeat checked where there is to be none', async () => {
    const findings = await check({ config: { heartbeat: false }, rows: { 'FROM heartbeats AS': [] } })
    expect(findings.some(({ check: title }) => title === 'heartbeat')).toBe(false)
  })

  it.each<[string, Otherwise, RegExp]>([
    ['in development', { options: { endpoint: 'http://127.0.0.1:1' } }, /^off in development/],
    [
      'where its variable says so',
      {
        bindings: {
          vars: {
            MILLRACE_ENV: 'production',
            CLICKHOUSE_URL: 'https://clickhouse.example',
            MILLRACE_HEARTBEAT: 'off',
          },
        },
      },
      /^switched off/,
    ],
  ])('finds nothing wrong with no heartbeat %s', async (_, otherwise, says) => {
    const findings = await check({ rows: { 'FROM heartbeats AS': [] }, ...otherwise })
    const found = findings.find(({ check: title }) => title === 'heartbeat')
    expect(found).toMatchObject({ state: 'ok', says: expect.stringMatching(says) })
  })

  it('judges beats that come in development too, and misses them where they were asked for', async () => {
    const local = { endpoint: 'http://127.0.0.1:1' }
    const find = async (options: Otherwise['options'], beat: object[]) =>
      (await check({ options: { ...local, ...options }, rows: { 'FROM heartbeats AS': beat } })).find(
        ({ check: title }) => title === 'heartbeat',
      )
    const late = { beats: '9', lost: '0', late: '2', sent_ms: String(NOW), live: '2' }
    expect(await find({}, [late])).toMatchObject({ state: 'warning' })
    const asked = { env: { ...SECRETS, MILLRACE_HEARTBEAT: 'on' } }
    expect(await find(asked, [])).toMatchObject({ state: 'warning', says: 'none was sent in the last hour' })
  })

  it('takes what clients declared off the gaps, and tells how many events the ledger explains', async () => {
    const asked: string[] = []
    const { options, effects } = createWorld()
    const fetch: typeof effects.fetch = (url, init) => {
      asked.push(init.body ?? '')
      return effects.fetch(url, init)
    }
    const findings = await runDoctor(options, { ...effects, fetch })
    const gaps = asked.find((sql) => sql.includes('FROM delivery_gaps AS'))
    expect(gaps).toContain('sum(g.missing - least(g.missing, g.dropped))')
    expect(gaps).toContain('g.missing > g.dropped')
    expect(findings.find(({ check: title }) => title === 'ledger')).toMatchObject({
      state: 'ok',
      says: 'explains all of 1,200 events of the last day',
    })
  })

  it('reads secrets of a .dev.vars file, and asks no Cloudflare for a collector of this machine', async () => {
    const text = Object.entries(SECRETS)
      .map(([name, value]) => `${name}="${value}"`)
      .join('\n')
    const { options, effects } = createWorld({
      options: { env: {} },
      effects: { readText: async (path) => (path === '.dev.vars' ? text : undefined) },
    })
    const findings = await runDoctor(options, effects)
    expect(findings.find(({ check: title }) => title === 'secret key of shop')?.state).toBe('ok')
    const local = await runDoctor({ ...options, endpoint: 'http://127.0.0.1:1' }, effects)
    expect(local.some(({ group }) => group === 'Cloudflare')).toBe(false)
  })

  it('sends nothing without --probe, and one event with it', async () => {
    const sent: string[] = []
    const { options, effects } = createWorld({
      collector: { '/v1/batch wk_1': { success: true } },
      rows: { 'UNION ALL': [{ found: 'events', why: '' }] },
    })
    const fetch: typeof effects.fetch = (url, init) => {
      if (url.startsWith(COLLECTOR) && init.method !== 'GET') sent.push(`${init.method} ${url} ${init.body}`)
      return effects.fetch(url, init)
    }
    await runDoctor(options, { ...effects, fetch })
    expect(sent).toEqual([])
    const findings = await runDoctor({ ...options, probe: true }, { ...effects, fetch })
    expect(sent).toEqual([
      expect.stringMatching(
        /^POST https:\/\/collect\.example\/v1\/batch .*"messageId":"doctor-0123456789abcdef"/,
      ),
    ])
    expect(findings.at(-1)).toMatchObject({ check: 'probe of shop', state: 'ok' })
  })

  it.each<[string, object[], string, RegExp]>([
    [
      'refused',
      [{ found: 'quarantine', why: 'plan_violation' }],
      'warning',
      /pipeline works .* refused: plan_violation/,
    ],
    ['nowhere after 30 s', [], 'problem', /not in ClickHouse after 30 s; it is not lost/],
  ])('says of a probe that is %s what that means', async (_, rows, state, says) => {
    let now = NOW
    const { options, effects } = createWorld({
      options: { probe: 'shop' },
      collector: { '/v1/batch wk_1': { success: true } },
      rows: { 'UNION ALL': rows },
    })
    const advance = async (ms: number) => {
      now += ms
    }
    const slow = { ...effects, now: () => now, sleep: advance }
    expect((await runDoctor(options, slow)).at(-1)).toMatchObject({
      check: 'probe of shop',
      state,
      says: expect.stringMatching(says),
    })
  })

  it('rejects when it is interrupted', async () => {
    await expect(check({ options: { signal: AbortSignal.abort(new Error('stop')) } })).rejects.toThrow('stop')
  })
})

describe('secrets', () => {
  const values = [...Object.values(SECRETS), 'other-secret', 'url-secret', 'cloudflare-secret']

  /** Everybody quotes everything they were given. */
  const gossip: Otherwise[] = [
    { options: { env: { ...SECRETS, SHOP_SECRET_KEY: 'other-secret', SHOP_READ_TOKEN: 'other-secret' } } },
    { rows: { 'version()': new Error(`wrong password ${SECRETS.CLICKHOUSE_PASSWORD}`) } },
    { collector: { '/health': { status: 500, body: { message: `env: ${JSON.stringify(SECRETS)}` } } } },
    {
      rows: {
        'CHECK GRANT': new Error(SECRETS.CLICKHOUSE_PASSWORD),
        'FROM ledger AS': new Error(SECRETS.SHOP_READ_TOKEN),
      },
    },
    {
      effects: {
        loadConfig: async () => Promise.reject(new Error('bad')),
        readWrangler: async () => Promise.reject(new Error(`vars: ${SECRETS.CLICKHOUSE_PASSWORD}`)),
      },
    },
    {
      options: { isRemote: true },
      effects: {
        runWrangler: async () => ({ code: 1, stdout: '', stderr: `ERROR ${SECRETS.OPS_WEBHOOK_SECRET}` }),
      },
    },
    {
      options: { isRemote: true, env: { ...SECRETS, CLOUDFLARE_API_TOKEN: 'cloudflare-secret' } },
      effects: {
        runWrangler: async () => ({ code: 1, stdout: '', stderr: 'ERROR cloudflare-secret is wrong' }),
      },
    },
    {
      rows: 'away',
      bindings: {
        vars: {
          MILLRACE_ENV: 'production',
          CLICKHOUSE_URL: 'https://u:url-secret@clickhouse.example',
          CLICKHOUSE_USER: 'u',
          CLICKHOUSE_DATABASE: 'd',
        },
      },
    },
  ]

  it.each(gossip.map((otherwise, index) => [index, otherwise] as const))(
    'are in no line of the report, whoever quotes them (%i)',
    async (_, otherwise) => {
      const findings = await check(otherwise)
      const text = formatFindings(findings) + JSON.stringify(findings)
      for (const value of values) expect(text).not.toContain(value)
    },
  )

  it('would be there if nobody hid them', async () => {
    const findings = await check(gossip[1])
    expect(findings.find(({ group }) => group === 'ClickHouse')?.says).toContain('wrong password [HIDDEN]')
  })
})

function live(warehouse: object, monitors: object[] = []): Otherwise {
  const at = 'at' in warehouse ? Number(warehouse.at) : NOW
  const stages = [
    { stage: 'live', lagMs: 0, at: NOW },
    { stage: 'warehouse', lagMs: 0, at, ...warehouse },
    { stage: 'computed', lagMs: 0, at },
  ]
  return {
    collector: {
      [`/v1/live/windows ${SECRETS.SHOP_READ_TOKEN}`]: { health: { receivedAt: NOW, stages }, monitors },
    },
  }
}
