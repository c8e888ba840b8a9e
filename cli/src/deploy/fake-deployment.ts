/** A project, an account, a ClickHouse and a front door for tests of a deployment; one thing of them can be otherwise. */

import type { MillraceConfig } from '@millrace/schemas/config'
import type { PlannedStatement } from '@millrace/schemas/migrations'
import { createWorld } from '../doctor/fake-world.ts'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import type { DeployReport } from './deploy-report.ts'
import type { DeployEffects, DeployOptions } from './effects.ts'
import { createFakeCloudflare, type FakeCloudflare } from './fake-cloudflare.ts'
import { runDeploy } from './run-deploy.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import type { Warehouse } from './warehouse.ts'

/** Values that this machine has; none of them may be printed. */
export const KNOWN = { CLICKHOUSE_PASSWORD: 'pw-topsecret-1' }

/** ClickHouse, as far as it is looked at. */
export interface FakeWarehouse {
  pending: string[]
  /** Names in the order in which they were applied. */
  applied: string[]
  statements: PlannedStatement[]
  /** Ids of events that came. */
  events: string[]
  /** It cannot be reached. */
  isAway: boolean
}

/** The world of one project; runs may follow each other in it. */
export interface FakeDeployment {
  cloudflare: FakeCloudflare
  warehouse: FakeWarehouse
  /** Everything that has an effect calls it first, and again when it is over; a test may interrupt there. */
  onEffect: (name: string) => void
  config: MillraceConfig
  bindings: Partial<WranglerConfig>
  /** What stands outside of the environments, where one of them is deployed. */
  production: WranglerConfig
  /** What the front door answers otherwise. */
  door: { health: number; batch: number; loses: boolean; silent?: string }
  deploy: (otherwise?: Otherwise) => Promise<Outcome>
}

/** What can be otherwise in one run. */
export interface Otherwise {
  options?: Partial<DeployOptions>
  effects?: Partial<DeployEffects>
  /** What is typed for secrets, by name; absent: Enter alone. */
  typed?: Record<string, string>
}

/** What a run left. */
export interface Outcome {
  report: DeployReport
  /** Steps and texts. */
  text: string
  /** What was told of keys that were made. */
  secretText: string
}

/** The statement of a migration. */
export const statementOf = (origin: string): PlannedStatement => ({
  origin,
  sql: 'SELECT 1',
  isSkipped: false,
})

/** Creates one in which nothing is deployed yet. */
export function createFakeDeployment(cloudflare = createFakeCloudflare()): FakeDeployment {
  const deployment: FakeDeployment = {
    cloudflare,
    warehouse: {
      ...{
        pending: ['0001_events.sql', '0002_facts.sql'],
        applied: [],
        statements: [],
        events: [],
        isAway: false,
      },
    },
    onEffect: () => {},
    config: {
      sources: [
        {
          ...{
            name: 'web',
            writeKeys: ['wk_1'],
            secretKeyVar: 'WEB_SECRET_KEY',
            readTokenVar: 'WEB_READ_TOKEN',
          },
          allowedOrigins: ['https://shop.example'],
        },
      ],
    },
    bindings: {},
    production: { name: 'millrace-production' },
    door: { health: 200, batch: 200, loses: false },
    deploy: (otherwise = {}) => deploy(deployment, otherwise),
  }
  return deployment
}

async function deploy(world: FakeDeployment, { options, effects, typed = {} }: Otherwise): Promise<Outcome> {
  const texts: string[] = []
  const secretTexts: string[] = []
  const report = await runDeploy(
    { ...OPTIONS, signal: new AbortController().signal, ...options },
    { ...createEffects(world, typed), ...effects },
    { write: (text) => void texts.push(text), writeSecret: (text) => void secretTexts.push(text) },
  )
  return { report, text: texts.join(''), secretText: secretTexts.join('') }
}

const OPTIONS: Omit<DeployOptions, 'signal'> = {
  config: 'millrace.config.ts',
  wrangler: '/project/wrangler.toml',
  environment: undefined,
  ...{ isDryRun: false, isYes: false, hasTerminal: true, skipsMigrations: false },
  ...{ allowsBreaking: false, skipsProof: false, url: undefined },
  ...{ clickhouseUrl: undefined, user: undefined, password: undefined, database: undefined },
  secretsFile: undefined,
  env: KNOWN,
}

function createEffects(world: FakeDeployment, typed: Record<string, string>): DeployEffects {
  const doctor = createWorld({ config: world.config, bindings: world.bindings }).effects
  let [clock, made] = [0, 0]
  return {
    ...doctor,
    now: () => clock,
    sleep: async (ms) => {
      clock += ms
    },
    loadConfig: async () => world.config,
    async readWrangler(path, environment) {
      const read = await doctor.readWrangler(path, environment)
      const { definedEnvironments } = read
      const isOutside = environment === undefined && definedEnvironments !== undefined
      return isOutside ? { ...world.production, definedEnvironments } : read
    },
    async runWrangler(args, options) {
      if (isAborted(options.signal)) return { code: undefined, stdout: '', stderr: 'interrupted' }
      const hasEffect = !/ info |^whoami|^secret|--dry-run| get /.test(args.join(' '))
      if (!hasEffect) return world.cloudflare.run(args, options)
      const run = () => world.cloudflare.run(args, options)
      const result = await withEffect(world, args.slice(0, 4).join(' '), options.signal, run)
      // What it did is done; nobody learns of it.
      return isAborted(options.signal) ? { code: undefined, stdout: '', stderr: 'interrupted' } : result
    },
    openWarehouse: (_, __, signal) => openWarehouse(world, signal),
    withFolder: withTemporaryFolder,
    makeSecret: () => `made-secret-${++made}`,
    askSecret: async (question) => typed[question.split(' ')[0] ?? ''] ?? '',
    confirm: async () => true,
    fetch: async (url, init) => {
      clock += 40
      return answerAtDoor(world, url, init.body ?? '')
    },
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** A test may interrupt before it, and after it; an interrupted program does not say how it ended. */
async function withEffect<T>(
  { onEffect }: FakeDeployment,
  name: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  onEffect(`before ${name}`)
  signal?.throwIfAborted()
  const result = await work()
  onEffect(`after ${name}`)
  return result
}

function openWarehouse(world: FakeDeployment, signal: AbortSignal): Warehouse {
  const { warehouse } = world
  const away = () => {
    if (warehouse.isAway) throw new Error('ClickHouse does not answer at https://clickhouse.example')
  }
  return {
    check: async () =>
      warehouse.isAway
        ? [{ group: 'ClickHouse', check: 'address', state: 'problem', says: 'no answer', mend: 'start it' }]
        : [{ group: 'ClickHouse', check: 'version', state: 'ok', says: '26.7' }],
    plan: async () => [...warehouse.pending.map(statementOf), ...warehouse.statements],
    async migrate({ confirm, onDone }) {
      for (const { loss } of warehouse.statements) {
        if (loss !== undefined && !(await confirm(loss))) throw new Error(`${loss.origin} was not allowed to`)
      }
      for (let [name] = warehouse.pending; name !== undefined; [name] = warehouse.pending) {
        const file = name
        await withEffect(world, `migration ${file}`, signal, async () => {
          warehouse.applied.push(file)
          warehouse.pending.shift()
        })
        signal.throwIfAborted()
        onDone({ kind: 'migration', name: file })
      }
    },
    async run<Row>(sql: string) {
      away()
      const isThere = warehouse.events.some((id) => sql.includes(id))
      return (isThere ? [{ found: 'events', why: '' }] : []) as Row[]
    },
  }
}

async function answerAtDoor(world: FakeDeployment, url: string, body: string): Promise<Response> {
  const { door, cloudflare, warehouse } = world
  if (cloudflare.account.versions === 0)
    throw new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND') })
  const { pathname, hostname } = new URL(url)
  if (hostname === door.silent) throw new TypeError('fetch failed', { cause: new Error('certificate') })
  const status = pathname === '/health' ? door.health : door.batch
  if (status !== 200) return new Response(JSON.stringify({ message: 'not here' }), { status })
  if (pathname === '/health') return Response.json({ status: 'ok' })
  const { batch = [] } = JSON.parse(body) as { batch?: { messageId: string }[] }
  if (!door.loses) warehouse.events.push(...batch.map(({ messageId }) => messageId))
  return Response.json({ success: true })
}
