/** The shape of `millrace.config.ts`, the one file a user edits, and the check that it makes sense. */

import { checkHeartbeat, HEARTBEAT_KEY_PATTERN, HEARTBEAT_SOURCE, type HeartbeatConfig } from './heartbeat.ts'
import { checkLiveSettings, checkWindows } from './live/check-windows.ts'
import type { LiveSettings, WindowDefinition } from './live/definition.ts'
import { checkMonitors } from './live/monitor-check.ts'
import type { MonitorDefinition, WebhookDefinition } from './live/monitor-definition.ts'
import { shippedWindows } from './live/shipped-windows.ts'
import { checkWebhooks } from './live/webhook-check.ts'
import { checkLogs, type LogsConfig } from './log.ts'
import { checkMetrics, type MetricsConfig } from './metrics-config.ts'
import { checkSettings, SETTING_NAMES, type SourceSettings } from './source-settings.ts'
import { NAME_PATTERN } from './wire.ts'

export type { HeartbeatConfig } from './heartbeat.ts'
export type { LiveSettings, WindowDefinition } from './live/definition.ts'
export type { MonitorDefinition, WebhookDefinition } from './live/monitor-definition.ts'
export { shippedWindows } from './live/shipped-windows.ts'
export type { LogsConfig } from './log.ts'
export { METRICS_TOKEN_VAR, type MetricsConfig } from './metrics-config.ts'
export { definePlan } from './plan/plan.ts'
export type { PlanTypes } from './plan/types.ts'
export type { ReplayEvent, ReplayTransform, ReplayViolation } from './replay-event.ts'

/** A site or service that sends events: its name, its keys, and its settings. */
export interface SourceConfig extends SourceSettings {
  /** Names the source in every table; lower-case letters, digits, `-` and `_`. */
  name: string
  /** Public keys that its clients send; any of them will do, so that a key can be changed without a gap. */
  writeKeys: string[]
  /** Name of the Worker secret that holds its secret key, for `/v1/import`. Default: none, so no import. */
  secretKeyVar?: string
  /** Name of the Worker secret that holds its read token, for queries. Default: none, so no reading. */
  readTokenVar?: string
}

/** What `millrace.config.ts` exports by default. */
export interface MillraceConfig {
  sources: SourceConfig[]
  /** Settings of the source `dev`, which only development has. Default none. */
  development?: SourceSettings
  warehouse?: WarehouseConfig
  /** Live windows. Default {@link shippedWindows}; write `[...shippedWindows, { … }]` to have your own beside them. */
  windows?: readonly WindowDefinition[]
  /** How long live windows wait for events, and are kept. */
  live?: LiveSettings
  /** What to watch for; see `docs/monitors.md`. Default none. */
  monitors?: readonly MonitorDefinition[]
  /** Where it is told. Default nowhere: monitors are shown on the page alone. */
  webhooks?: readonly WebhookDefinition[]
  /** The event of our own that goes through the pipeline every minute; see `docs/observability.md`. `false`: there is none. */
  heartbeat?: HeartbeatConfig | false
  /** What is written to the log. */
  logs?: LogsConfig
  /** Who may read `/metrics`. */
  metrics?: MetricsConfig
}

/** Where events are kept. */
export interface WarehouseConfig {
  /**
   * Name of the ClickHouse cluster that the tables are spread over, as `system.clusters` has it. Default: one server.
   * Set it before the first `millrace migrate`: tables of one server are not turned into those of a cluster.
   */
  cluster?: string
}

/** Name and write key of the development source, which only development has. Source: DESIGN section 7. */
const RESERVED = 'dev'

const OWN_FIELDS = ['name', 'writeKeys', 'secretKeyVar', 'readTokenVar']

const FIELDS: ReadonlySet<string> = new Set([...OWN_FIELDS, ...SETTING_NAMES])

const CONFIG_FIELDS: readonly string[] = [
  'sources',
  'development',
  'warehouse',
  'windows',
  'live',
  'monitors',
  'webhooks',
  'heartbeat',
  'logs',
  'metrics',
]

const WAREHOUSE_FIELDS: readonly string[] = ['cluster']

const CLUSTER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/

const VAR_NAME = /^[A-Z][A-Z0-9_]{0,127}$/

/**
 * Checks a configuration and gives it back.
 *
 * @throws TypeError or RangeError naming the option, the rule and the value
 */
export function defineConfig(config: MillraceConfig): MillraceConfig {
  if (!Array.isArray(config.sources))
    throw new TypeError(`sources must be an array, got ${typeof config.sources}`)
  for (const field of Object.keys(config)) {
    if (!CONFIG_FIELDS.includes(field))
      throw new TypeError(`${field} is not a field of the configuration; it has ${CONFIG_FIELDS.join(', ')}`)
  }
  if (config.development !== undefined) checkSettings(config.development, 'development')
  if (config.warehouse !== undefined) checkWarehouse(config.warehouse)
  if (config.heartbeat !== undefined) checkHeartbeat(config.heartbeat)
  if (config.logs !== undefined) checkLogs(config.logs)
  if (config.metrics !== undefined) checkMetrics(config.metrics)
  const names = new Set<string>()
  const keys = new Set<string>()
  config.sources.forEach((source, index) => {
    const at = `sources[${index}]`
    for (const field of Object.keys(source)) {
      if (!FIELDS.has(field))
        throw new TypeError(`${at}.${field} is not a field of a source; it has ${[...FIELDS].join(', ')}`)
    }
    checkName(source.name, `${at}.name`)
    if (source.name === RESERVED)
      throw new RangeError(`${at}.name must not be "${RESERVED}", the source of development`)
    if (source.name === HEARTBEAT_SOURCE)
      throw new RangeError(
        `${at}.name must not be "${HEARTBEAT_SOURCE}", the source of Millrace's own heartbeat`,
      )
    if (names.has(source.name)) throw new RangeError(`${at}.name must be unique, got "${source.name}" twice`)
    names.add(source.name)
    if (!Array.isArray(source.writeKeys) || source.writeKeys.length === 0) {
      throw new TypeError(`${at}.writeKeys must be an array of at least one key`)
    }
    for (const key of source.writeKeys) {
      if (typeof key !== 'string' || key === '')
        throw new TypeError(`${at}.writeKeys must hold non-empty strings`)
      if (key === RESERVED)
        throw new RangeError(`${at}.writeKeys must not hold "${RESERVED}", the key of development`)
      if (HEARTBEAT_KEY_PATTERN.test(key))
        throw new RangeError(`${at}.writeKeys must not hold keys that look like that of the heartbeat (hb_…)`)
      if (keys.has(key))
        throw new RangeError(`${at}.writeKeys must not repeat a key of any source, got "${key}" twice`)
      keys.add(key)
    }
    checkVarName(source.secretKeyVar, `${at}.secretKeyVar`)
    checkVarName(source.readTokenVar, `${at}.readTokenVar`)
    const { name: _, writeKeys: __, secretKeyVar: ___, readTokenVar: ____, ...settings } = source
    checkSettings(settings, at)
  })
  if (config.windows !== undefined) checkWindows(config.windows, [...names, RESERVED])
  if (config.live !== undefined) checkLiveSettings(config.live)
  const { windows = shippedWindows, live = {}, monitors = [], webhooks = [] } = config
  checkWebhooks(webhooks)
  checkMonitors(monitors, { windows, sources: [...names, RESERVED], webhooks, live })
  return config
}

function checkWarehouse(warehouse: unknown): void {
  if (typeof warehouse !== 'object' || warehouse === null)
    throw new TypeError(`warehouse must be an object, got ${JSON.stringify(warehouse)}`)
  for (const field of Object.keys(warehouse)) {
    if (!WAREHOUSE_FIELDS.includes(field))
      throw new TypeError(
        `warehouse.${field} is not a field of warehouse; it has ${WAREHOUSE_FIELDS.join(', ')}`,
      )
  }
  const { cluster } = warehouse as { cluster?: unknown }
  if (cluster === undefined || (typeof cluster === 'string' && CLUSTER_NAME.test(cluster))) return
  throw new RangeError(
    `warehouse.cluster must be 1 to 64 of A-Z, a-z, 0-9, "_", ".", "-", got ${JSON.stringify(cluster)}`,
  )
}

function checkName(name: unknown, option: string): void {
  if (typeof name !== 'string' || !NAME_PATTERN.test(name)) {
    throw new RangeError(`${option} must be 1 to 64 of a-z, 0-9, "-", "_", got ${JSON.stringify(name)}`)
  }
}

function checkVarName(name: unknown, option: string): void {
  if (name === undefined) return
  if (typeof name !== 'string' || !VAR_NAME.test(name)) {
    throw new RangeError(
      `${option} must be the name of a Worker secret such as SHOP_SECRET_KEY, got ${JSON.stringify(name)}`,
    )
  }
}
