/** A world in which all is well, for tests that break one thing of it. */

import type { MillraceConfig } from '@millrace/schemas/config'
import type { DoctorEffects } from './effects.ts'
import type { DoctorOptions } from './run-doctor.ts'
import type { WranglerConfig } from './wrangler-config.ts'

/** When it is. */
export const NOW = Date.parse('2026-11-22T10:00:00Z')

/** Secrets of the world; none of them may be printed, ever. */
export const SECRETS = {
  SHOP_SECRET_KEY: 'sk-topsecret-1',
  SHOP_READ_TOKEN: 'rt-topsecret-2',
  CLICKHOUSE_PASSWORD: 'pw-topsecret-3',
  OPS_WEBHOOK_SECRET: 'wh-topsecret-4',
}

/** What the collector answers, by path; a key that is not expected gets 401. */
export type CollectorAnswers = Record<string, object | { status: number; body: object }>

/** Rows of ClickHouse by a piece of the statement; an Error is what it answers instead. */
export type Rows = Record<string, object[] | Error>

/** What can be otherwise. */
export interface Otherwise {
  collector?: CollectorAnswers
  /** `undefined`: nobody answers at that address. */
  rows?: Rows | 'away'
  isCollectorAway?: boolean
  /** Milliseconds that its clocks are ahead. */
  skewMs?: number
  config?: Partial<MillraceConfig>
  bindings?: Partial<WranglerConfig>
  effects?: Partial<DoctorEffects>
  options?: Partial<DoctorOptions>
}

/** The collector's address. */
export const COLLECTOR = 'https://collect.example'
const CLICKHOUSE = 'https://clickhouse.example'

const CONFIG: MillraceConfig = {
  sources: [
    {
      name: 'shop',
      writeKeys: ['wk_1', 'wk_2'],
      secretKeyVar: 'SHOP_SECRET_KEY',
      readTokenVar: 'SHOP_READ_TOKEN',
      allowedOrigins: ['https://shop.example'],
    },
  ],
  webhooks: [{ name: 'ops', url: 'https://ops.example/', secretVar: 'OPS_WEBHOOK_SECRET' }],
}

const queue = (role: string) => `millrace-${role}`

const BINDINGS: WranglerConfig = {
  name: 'millrace',
  main: '/project/worker.ts',
  vars: {
    MILLRACE_ENV: 'production',
    CLICKHOUSE_URL: CLICKHOUSE,
    CLICKHOUSE_USER: 'worker',
    CLICKHOUSE_DATABASE: 'millrace',
  },
  queues: {
    producers: ['events', 'retry', 'dead'].map((role) => ({
      queue: queue(role),
      binding: `${role.toUpperCase()}_QUEUE`,
    })),
    consumers: [
      { queue: queue('events'), max_retries: 100, dead_letter_queue: queue('dead') },
      { queue: queue('retry'), max_retries: 100, dead_letter_queue: queue('dead') },
      { queue: queue('dead'), max_retries: 100 },
    ],
  },
  r2_buckets: [{ binding: 'LAKE', bucket_name: 'millrace-lake' }],
  durable_objects: { bindings: [{ name: 'LIVE', class_name: 'LiveAggregator' }] },
  migrations: [{ new_sqlite_classes: ['LiveAggregator'] }],
  triggers: { crons: ['* * * * *'] },
  assets: { binding: 'ASSETS', directory: 'dist/assets' },
  ratelimits: ['SOURCE_LIMIT', 'CLIENT_LIMIT', 'QUERY_LIMIT'].map((name) => ({ name })),
  limits: { cpu_ms: 300_000 },
  observability: { enabled: true },
}

const stage = (name: string) => ({ stage: name, lagMs: 0, at: NOW - 20_000 })

const COLLECTOR_ANSWERS: CollectorAnswers = {
  '/health': { status: 'ok' },
  '/sourceConfig wk_1': { source: { name: 'shop' } },
  '/sourceConfig wk_2': { source: { name: 'shop' } },
  [`/v1/spill ${SECRETS.SHOP_SECRET_KEY}`]: { success: true, objects: 0, spilled: [] },
  [`/v1/dead ${SECRETS.SHOP_SECRET_KEY}`]: { success: true, letters: [] },
  [`/v1/live/windows ${SECRETS.SHOP_READ_TOKEN}`]: {
    health: { receivedAt: NOW, stages: ['live', 'warehouse', 'computed', 'lake'].map(stage) },
    monitors: [{ name: 'm', state: 'ok' }],
  },
}

const ROWS: Rows = {
  'version()': [{ version: '26.7.2.1', at: String(NOW) }],
  'CHECK GRANT': [{ result: 1 }],
  'system.databases': [{ found: 1 }],
  'system.tables WHERE database': [{ name: 'ledger' }, { name: 'delivery_gaps' }, { name: 'heartbeats' }],
  'FROM ledger AS': [{ source: 'shop', missing_events: '0', late_events: '0', received_events: '1200' }],
  "FROM ledger_runs AS r FINAL WHERE r.job = 'ledger'": [{ runs: '1', up_to_ms: String(NOW - 30_000) }],
  'FROM delivery_gaps AS': [],
  'FROM heartbeats AS': [{ beats: '60', lost: '0', late: '0', sent_ms: String(NOW - 30_000) }],
}

/** Options and effects of the world. */
export function createWorld(otherwise: Otherwise = {}): { options: DoctorOptions; effects: DoctorEffects } {
  const options: DoctorOptions = {
    config: 'millrace.config.ts',
    wrangler: 'wrangler.toml',
    environment: undefined,
    endpoint: COLLECTOR,
    clickhouseUrl: undefined,
    user: undefined,
    password: undefined,
    database: undefined,
    isRemote: false,
    probe: undefined,
    env: SECRETS,
    signal: new AbortController().signal,
    ...otherwise.options,
  }
  const config = { ...CONFIG, ...otherwise.config }
  const effects: DoctorEffects = {
    fetch: createFetch(otherwise),
    now: () => NOW,
    sleep: async () => {},
    loadConfig: async () => config,
    readGoal: async (_, place) => ({
      migrations: [],
      retention: [],
      target: { ...place, cluster: undefined },
    }),
    readWrangler: async () => ({ ...BINDINGS, ...otherwise.bindings }),
    inspectEntry: async () => ({ handlers: ['fetch', 'queue', 'scheduled'], exports: ['LiveAggregator'] }),
    readText: async () => undefined,
    isFolder: async () => true,
    runWrangler: async () => ({ code: undefined, stdout: '', stderr: 'wrangler is not installed here' }),
    randomHex: () => '0123456789abcdef',
    ...otherwise.effects,
  }
  return { options, effects }
}

function createFetch({
  collector = {},
  rows = {},
  isCollectorAway,
  skewMs = 0,
}: Otherwise): DoctorEffects['fetch'] {
  const answers = { ...COLLECTOR_ANSWERS, ...collector }
  return async (url, { headers, body = '' }) => {
    const { origin, pathname } = new URL(url)
    if (origin === COLLECTOR) {
      if (isCollectorAway === true)
        throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
      return answerAs(answers, pathname, headers['authorization'], skewMs)
    }
    if (rows === 'away') throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
    return answerSql([...Object.entries(rows), ...Object.entries(ROWS)], body, skewMs)
  }
}

function answerAs(
  answers: CollectorAnswers,
  path: string,
  authorization: string | undefined,
  skewMs: number,
) {
  const key = authorization === undefined ? '' : atob(authorization.replace('Basic ', '')).replace(/:$/, '')
  const found = answers[`${path} ${key}`] ?? answers[path]
  const unknown = {
    status: path === '/sourceConfig' ? 404 : 401,
    // Nobody ought to quote a key; whoever does it all the same must not get it printed.
    body: { success: false, code: 'unknown_write_key', message: `no source has the key ${key}` },
  }
  const answer = found ?? unknown
  const { status, body } = 'body' in answer ? (answer as typeof unknown) : { status: 200, body: answer }
  const date = new Date(NOW + skewMs).toUTCString()
  return new Response(JSON.stringify(body), { status, headers: { date } })
}

/** The first piece that fits counts. */
function answerSql(rows: [string, object[] | Error][], statement: string, skewMs: number) {
  const found = rows.find(([piece]) => statement.includes(piece))?.[1] ?? []
  if (found instanceof Error) return new Response(`Code: 1. ${found.message}`, { status: 500 })
  const shifted = found.map((row) => ('version' in row ? { ...row, at: String(NOW + skewMs) } : row))
  return new Response(shifted.map((row) => JSON.stringify(row)).join('\n'))
}
