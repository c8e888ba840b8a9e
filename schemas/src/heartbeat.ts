/** The heartbeat: an event of our own that goes through the whole pipeline every minute. Its source, its key, its settings. */

import { parseDuration } from './live/resolve-window.ts'

/** The source of heartbeats. It exists by itself, and no source of a configuration may be called so. */
export const HEARTBEAT_SOURCE = 'heartbeat'

/** Name of its events. */
export const HEARTBEAT_EVENT = 'Heartbeat'

/** Where its write key lies in the bucket: random, made by the first run of the cron. Remove it, and there is another one. */
export const HEARTBEAT_KEY_OBJECT = 'heartbeat/key'

/** What the key looks like, so that no other is ever sought in the bucket: 256 random bits after a beginning of its own. */
export const HEARTBEAT_KEY_PATTERN = /^hb_[0-9a-f]{64}$/

/** Stages of the way, in order: taken by the front door, counted in the live windows, stored in ClickHouse, published in the lake. */
export const HEARTBEAT_STAGES = ['answered', 'live', 'warehouse', 'lake'] as const

/** One of {@link HEARTBEAT_STAGES}. */
export type HeartbeatStage = (typeof HEARTBEAT_STAGES)[number]

/** How the heartbeat is set in `millrace.config.ts`. */
export interface HeartbeatConfig {
  /**
   * In what time a beat has to be at each stage: durations such as `2s`, `15m`. Default: `answered` 1s, `live` 2s, `warehouse`
   * 10s, `lake` 15m (the lake is published in rounds, of a large site every five minutes).
   */
  objectives?: Partial<Record<HeartbeatStage, string>>
  /**
   * Address that beats are posted to, `https://collect.example.com`: the public one, so that routes and certificates are on the
   * way. Default: the binding `SELF` where there is one, or else the Worker's own handler, called inside.
   */
  url?: string
}

/** The settings as they hold, in milliseconds. */
export interface ResolvedHeartbeat {
  objectives: Record<HeartbeatStage, number>
  url: string | undefined
}

const DEFAULTS: Record<HeartbeatStage, string> = {
  answered: '1s',
  live: '2s',
  warehouse: '10s',
  lake: '15m',
}

/** No beat is waited for longer than a day. */
const MAX_OBJECTIVE_MS = 24 * 3_600_000

const FIELDS: readonly string[] = ['objectives', 'url']

/** Settings with their defaults, `undefined` when there is to be no heartbeat. They were checked before. */
export function resolveHeartbeat(config: HeartbeatConfig | false | undefined): ResolvedHeartbeat | undefined {
  if (config === false) return undefined
  const { objectives = {}, url } = config ?? {}
  const read = (stage: HeartbeatStage) => parseDuration(objectives[stage] ?? DEFAULTS[stage]) ?? 0
  return {
    objectives: {
      ...{ answered: read('answered'), live: read('live') },
      ...{ warehouse: read('warehouse'), lake: read('lake') },
    },
    url,
  }
}

/** @throws TypeError or RangeError naming the option, the rule and the value */
export function checkHeartbeat(config: unknown): void {
  if (config === false) return
  checkObject(config, 'heartbeat', FIELDS, 'false or an object')
  const { objectives, url } = config as HeartbeatConfig
  if (objectives !== undefined) {
    checkObject(objectives, 'heartbeat.objectives', HEARTBEAT_STAGES, 'an object')
    for (const [stage, text] of Object.entries(objectives)) {
      const ms = parseDuration(text)
      if (ms !== undefined && ms <= MAX_OBJECTIVE_MS) continue
      const rule = 'must be a duration up to 24h, such as 2s or 15m'
      throw new RangeError(`heartbeat.objectives.${stage} ${rule}, got ${JSON.stringify(text)}`)
    }
  }
  if (url !== undefined && !isAddress(url)) {
    const rule = 'must be an address that begins with https:// (or http:// on this machine)'
    throw new RangeError(
      `heartbeat.url ${rule}, without a user, query or fragment, got ${JSON.stringify(url)}`,
    )
  }
}

/** An object whose keys are all known. */
export function checkObject(value: unknown, option: string, known: readonly string[], what: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${option} must be ${what}, got ${JSON.stringify(value)}`)
  for (const field of Object.keys(value)) {
    if (!known.includes(field))
      throw new TypeError(`${option}.${field} is not a field of ${option}; it has ${known.join(', ')}`)
  }
}

/** Plain http shows the key to whoever is on the way, so it is for loopback alone. */
function isAddress(text: unknown): boolean {
  if (typeof text !== 'string' || !URL.canParse(text)) return false
  const { protocol, hostname, username, password, search, hash } = new URL(text)
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  const isPlain = `${username}${password}${search}${hash}` === ''
  return isPlain && (protocol === 'https:' || (protocol === 'http:' && isLocal))
}
