/** Runs all checks in the order in which they depend on each other. */

import { isLoopback } from '../command-world.ts'
import { isNoClickHouseUrl } from '../no-clickhouse-url.ts'
import { createAskCollector } from './ask-collector.ts'
import { checkBooks } from './check-books.ts'
import {
  type ClickHouseChecked,
  type ClickHousePlace,
  checkClickHouse,
  withoutAddress,
} from './check-clickhouse.ts'
import { checkCloudflare } from './check-cloudflare.ts'
import { checkCollector, type KeyedSource, keySources } from './check-collector.ts'
import { checkConfigFile, checkSecrets, checkSources, withoutConfig } from './check-config.ts'
import { checkFlow } from './check-flow.ts'
import { wishHeartbeat } from './check-heartbeat.ts'
import { checkWrangler } from './check-wrangler.ts'
import type { DoctorEffects } from './effects.ts'
import { type Finding, findingsOf, hideSecrets } from './finding.ts'
import { sendProbe } from './probe.ts'
import { listNamedSecrets, readKnownSecrets, WAREHOUSE_PASSWORD } from './secret-names.ts'
import type { WranglerConfig } from './wrangler-config.ts'

/** What was chosen. */
export interface DoctorOptions {
  config: string
  wrangler: string
  /** An `[env.*]` of wrangler.toml. */
  environment: string | undefined
  endpoint: string
  /** Where they are absent, the variables of `wrangler.toml` are taken. */
  clickhouseUrl: string | undefined
  user: string | undefined
  password: string | undefined
  database: string | undefined
  /** Asks Cloudflare too. */
  isRemote: boolean
  /** Name of the source that gets an event; `true`: the first. */
  probe: string | true | undefined
  env: Readonly<Record<string, string | undefined>>
  signal: AbortSignal
}

/** Hiding every `1` and every `true` of the environment would hide the report. */
const MIN_SECRET_LENGTH = 8

/** All findings; values of secrets are in none of them. Never rejects but by the signal. */
export async function runDoctor(options: DoctorOptions, effects: DoctorEffects): Promise<Finding[]> {
  const { endpoint, env, signal } = options
  const { config, findings: ofFile } = await checkConfigFile(options.config, effects)
  const { config: bindings, findings: ofWrangler } = await checkWrangler(options, effects)
  const names = [
    WAREHOUSE_PASSWORD,
    ...(config === undefined ? [] : listNamedSecrets(config)).map(({ name }) => name),
  ]
  const known = await readKnownSecrets(names, env, options, effects.readText)
  const place = placeOf(options, bindings, known.get(WAREHOUSE_PASSWORD) ?? '')
  const isDeployed = !isLoopback(endpoint) || options.isRemote
  const ofSources =
    config === undefined
      ? withoutConfig()
      : [...checkSources(config), ...checkSecrets(config, known, { isDeployed })]

  const ask = createAskCollector(endpoint, effects, signal)
  const sources = config === undefined ? [] : keySources(config, known)
  const [collector, clickhouse, cloudflare] = await Promise.all([
    checkCollector(endpoint, sources, ask, effects),
    checkWarehouse(options, place, isDeployed, effects),
    options.isRemote ? checkCloudflare(bindings, config, options, effects) : cloudflareUnasked(endpoint),
  ])
  const run = clickhouse.ask?.run
  const now = effects.now()
  const wish = wishHeartbeat(config, bindings, env, isLoopback(endpoint))
  const flow = await Promise.all([
    collector.isThere ? checkFlow(collector.sources, ask, { endpoint, now }) : flowUnknown('the collector'),
    run === undefined ? booksUnknown(place) : checkBooks(run, wish, now),
    probe(options, collector.sources, (source) => sendProbe(source, ask, run, effects)),
  ])
  signal.throwIfAborted()
  const secrets = [
    ...known.values(),
    ...secretsIn(env),
    place.password,
    passwordIn(place.url),
    ...secretsOf(collector.sources),
  ]
  return hideSecrets(
    [
      ...[...ofFile, ...ofSources, ...ofWrangler, ...collector.findings],
      ...[...clickhouse.findings, ...cloudflare, ...flow.flat()],
    ],
    secrets,
  )
}

/** What was typed, then the environment, then what the Worker itself has. */
export function placeOf(
  {
    clickhouseUrl,
    user,
    password,
    database,
    env,
  }: Pick<DoctorOptions, 'clickhouseUrl' | 'user' | 'password' | 'database' | 'env'>,
  bindings: WranglerConfig | undefined,
  known: string,
): ClickHousePlace {
  const vars = (name: string) => env[name] || (bindings?.vars?.[name] as string | undefined)
  return {
    url: clickhouseUrl ?? vars('CLICKHOUSE_URL') ?? 'http://127.0.0.1:8123',
    user: user ?? vars('CLICKHOUSE_USER') ?? 'default',
    password: password ?? known,
    database: database ?? vars('CLICKHOUSE_DATABASE') ?? 'millrace',
  }
}

/** Secrets of an environment; also those of others, such as the token of Cloudflare: what a program quotes is not foreseen. */
export function secretsIn(env: DoctorOptions['env']): string[] {
  const named = Object.entries(env).filter(([name]) => /(SECRET|TOKEN|PASSWORD|_KEY)/.test(name))
  return named.flatMap(([, value = '']) => (value.length >= MIN_SECRET_LENGTH ? [value] : []))
}

/** The password in an address. It ought not to be there; where it is, it is not told any further. */
export function passwordIn(url: string): string {
  return URL.canParse(url) ? decodeURIComponent(new URL(url).password) : ''
}

async function checkWarehouse(
  options: DoctorOptions,
  place: ClickHousePlace,
  isDeployed: boolean,
  effects: DoctorEffects,
): Promise<ClickHouseChecked> {
  if (isNoClickHouseUrl(place.url)) return withoutAddress(place.url, isDeployed)
  const goal = await readGoalOrNone(options, place, effects)
  return checkClickHouse(place, goal, effects, options.signal)
}

function readGoalOrNone(
  { config }: DoctorOptions,
  place: ClickHousePlace,
  { readGoal }: DoctorEffects,
): ReturnType<DoctorEffects['readGoal']> | Promise<undefined> {
  // That it cannot be loaded is said already.
  return readGoal(config, place).catch(() => undefined) as Promise<undefined>
}

function cloudflareUnasked(endpoint: string): Finding[] {
  if (isLoopback(endpoint)) return []
  const { unknown } = findingsOf('Cloudflare')
  return [
    unknown(
      'consumers and secrets',
      'Cloudflare was not asked',
      'ask it: `millrace doctor --remote`, where wrangler is logged in',
    ),
  ]
}

function flowUnknown(who: string): Finding[] {
  return [findingsOf('pipeline').unknown('cron, stages, spill, dead letters', `${who} does not answer`)]
}

function booksUnknown({ url }: ClickHousePlace): Finding[] {
  const why = isNoClickHouseUrl(url) ? 'ClickHouse was not asked' : 'ClickHouse cannot be asked'
  return [findingsOf('pipeline').unknown('ledger, gaps, heartbeat', why)]
}

async function probe(
  { probe: wanted }: DoctorOptions,
  sources: readonly KeyedSource[],
  send: (source: KeyedSource) => Promise<Finding>,
): Promise<Finding[]> {
  if (wanted === undefined) return []
  const { unknown } = findingsOf('pipeline')
  const source = wanted === true ? sources[0] : sources.find(({ name }) => name === wanted)
  if (source !== undefined) return [await send(source)]
  return [
    unknown('probe', wanted === true ? 'there is no source to send to' : `there is no source ${wanted}`),
  ]
}

/** Those that are published are no secrets, and hiding `dev-read` would hide what is said of it. */
function secretsOf(sources: readonly KeyedSource[]): string[] {
  return sources
    .filter(({ name }) => name !== 'dev')
    .flatMap(({ secretKey, readToken }) => [secretKey ?? '', readToken ?? ''])
}
