/**
 * Keeps how the monitors of one source are, and tells webhooks when that changes. For the Durable Object of the source, which
 * passes its SQLite.
 */

import type { MonitorDefinition, MonitorStatus, WebhookDefinition } from '@millrace/schemas/live'
import { createDeliveries, type UnderWay } from './deliveries.ts'
import { durationText } from './describe.ts'
import { createDeskStore, type DeskSql, type StoredKey } from './desk-store.ts'
import { driftStepMs } from './drift.ts'
import { isAbout } from './evaluate.ts'
import type { MonitorResult } from './result.ts'
import { groupKeyText } from './threshold.ts'
import { decideTransitions, WHOLE } from './transitions.ts'

/** What the desk works with. */
export interface MonitorDeskEffects {
  /** Of the Durable Object; the desk has tables of its own there, whose names begin with `monitor_`. */
  sql: DeskSql
  /** Milliseconds since 1970. */
  now: () => number
  fetch: typeof fetch
  /** The Worker secret of that name. */
  secret: (name: string) => string | undefined
  /** A number from 0 up to 1. */
  random: () => number
  log: (record: Record<string, unknown>) => void
  /** Default {@link crypto.randomUUID}. */
  randomId?: () => string
  /** Shared by desks of one object that follow each other, so that none sends what another one is sending. Default its own. */
  underWay?: UnderWay
}

/** Keys that are kept, by the name of the monitor. Plain data: the Durable Object tells the cron. */
export interface MonitorKeys {
  /** Those that fire. */
  firing: Record<string, string[]>
  /** Those of which something waits to be told. */
  waiting: Record<string, string[]>
}

/** Options of {@link createMonitorDesk}. */
export interface MonitorDeskOptions extends MonitorDeskEffects {
  source: string
  /** Those of the configuration; what is not about the source is passed over. */
  monitors: readonly MonitorDefinition[]
  webhooks: readonly WebhookDefinition[]
}

/** What {@link createMonitorDesk} gives. */
export interface MonitorDesk {
  /**
   * Takes results. Each time that a monitor, or a key of it, begins or ends to fire, one notification for each of its webhooks is
   * written down. The same result again changes nothing, an older one than the last that changed something is passed over, and
   * so is one of another source or of a monitor that the configuration does not have. Synchronous: call it within
   * `transactionSync`, so that the state and what is to be told of it are written together or not at all.
   *
   * @returns whether any status is another than before
   */
  report: (results: readonly MonitorResult[]) => boolean
  /**
   * Sends what is due, and resolves with when to come again, milliseconds since 1970; `undefined` when nothing waits. Waits a
   * second for answers: what has none by then goes on by itself. Nothing is sent twice at once, however often it is called. Never
   * rejects because of a receiver.
   */
  deliverDue: () => Promise<number | undefined>
  /** How the monitors are, in the order of the configuration. */
  statuses: () => MonitorStatus[]
  /** What is kept of keys; nothing of those that were to be forgotten. */
  keys: () => MonitorKeys
  /**
   * Forgets keys of monitors, with what waits to be told of them. Of a threshold it remains that the key fires, while the windows
   * do, as it would otherwise begin anew; when it recovers, that is told to nobody. To be called as {@link report} is.
   *
   * @param keys by the name of the monitor
   */
  forget: (keys: Readonly<Record<string, readonly string[]>>) => void
  /** Begins no more deliveries: another desk takes over. */
  stop: () => void
}

/** What was last heard of a monitor, kept in memory: most of it changes every minute, and is not worth a row. */
interface Heard {
  at: number
  state: MonitorResult['state']
  /** Since when it is in that state, as far as this object knows. */
  since: number
  message: string
  more: number
}

/** Notifications that wait for one webhook; older ones are given up. */
const MAX_WAITING = 500

/** A monitor that the cron has not spoken of for so long after it should have is not known to be well. */
const SILENCE_MS = 15 * 60_000

/** A desk. Forgets monitors and webhooks that the configuration has no more, without a word to anyone. */
export function createMonitorDesk(options: MonitorDeskOptions): MonitorDesk {
  const { sql, source, now, log, randomId = () => crypto.randomUUID() } = options
  const monitors = new Map(
    options.monitors.filter((monitor) => isAbout(monitor, source)).map((monitor) => [monitor.name, monitor]),
  )
  const { webhooks } = options
  const store = createDeskStore(sql)
  store.keepOnly(
    [...monitors.keys()],
    webhooks.map(({ name }) => name),
  )
  const deliveries = createDeliveries({ ...options, store })
  const heard = new Map<string, Heard>()
  const startedAt = now()

  function report(results: readonly MonitorResult[]): boolean {
    let isChanged = false
    const told = new Set<string>()
    for (const result of results) {
      const monitor = monitors.get(result.name)
      if (monitor === undefined || result.source !== source) continue
      isChanged = take(monitor, result, told) || isChanged
    }
    for (const webhook of told) {
      for (const one of store.oldestBeyond(webhook, MAX_WAITING))
        deliveries.giveUp(one, 'too many notifications wait')
    }
    return isChanged
  }

  function take(monitor: MonitorDefinition, result: MonitorResult, told: Set<string>): boolean {
    const { name, at, state, message } = result
    const stored = store.stateOf(name)
    const last = heard.get(name)
    if (at < Math.max(stored?.at ?? 0, last?.at ?? 0)) return false
    const before = statusOf(monitor)
    if (state === 'unknown') {
      const since = last?.state === 'unknown' ? last.since : at
      heard.set(name, { at, state, since, message, more: last?.more ?? 0 })
      return before.state !== 'unknown'
    }
    const keys = new Map(store.keysOf(name).map((key) => [key.key, key]))
    const { fired, recovered, more } = decideTransitions(new Set(keys.keys()), result)
    for (const key of recovered) {
      store.removeKey(name, key)
      const known = keys.get(key)
      if (known?.message !== '') notify(monitor, 'monitor.recovered', recoveredKey(known, result), at, told)
    }
    for (const key of fired) {
      const firing = { ...key, since: at }
      store.addKey(name, firing)
      notify(monitor, 'monitor.firing', firing, at, told)
    }
    const isNewState = stored?.state !== state
    const since = isNewState ? at : stored.since
    if (isNewState || fired.length + recovered.length > 0) store.setState(name, { state, since, at, message })
    heard.set(name, { at, state, since, message, more })
    return isNewState || fired.length + recovered.length > 0 || before.state !== state
  }

  function notify(
    monitor: MonitorDefinition,
    type: 'monitor.firing' | 'monitor.recovered',
    { key, message, value, since }: StoredKey,
    at: number,
    told: Set<string>,
  ): void {
    const { name, kind, title = name } = monitor
    const body = JSON.stringify({
      type,
      timestamp: new Date(at).toISOString(),
      data: {
        monitor: name,
        kind,
        title,
        source,
        ...(key === WHOLE ? {} : { key }),
        message,
        value,
        since: new Date(since).toISOString(),
      },
    })
    for (const { name: webhook } of webhooks) {
      if (monitor.webhooks !== undefined && !monitor.webhooks.includes(webhook)) continue
      store.addNotification({
        id: `msg_${randomId()}`,
        monitor: name,
        webhook,
        body,
        created: now(),
        due: now(),
      })
      told.add(webhook)
    }
    const event = type === 'monitor.firing' ? 'monitor_firing' : 'monitor_recovered'
    // Keys are persons more often than not, and a log is no place for them.
    log({
      level: type === 'monitor.firing' ? 'warn' : 'info',
      event,
      monitor: name,
      source,
      hasKey: key !== WHOLE,
    })
  }

  function statusOf(monitor: MonitorDefinition): MonitorStatus {
    const { name, kind, title = name } = monitor
    const stored = store.stateOf(name)
    const known = heard.get(name)
    const keys = shownKeys(name).map((key) => (kind === 'threshold' ? groupKeyText(key) : key))
    const more = known?.more ?? 0
    const base = { name, kind, title, keys, ...(more > 0 ? { more } : {}) }
    const heardAt = Math.max(known?.at ?? 0, stored?.at ?? 0, startedAt)
    // Windows are judged when one ends, which may be long from now.
    const silentMs = kind === 'threshold' ? 0 : now() - heardAt
    const stepMs = kind === 'drift' ? driftStepMs(monitor) : 0
    if (silentMs > SILENCE_MS + stepMs) {
      const message = `nothing was heard of it for ${durationText(silentMs)}`
      return { ...base, state: 'unknown', since: heardAt, message }
    }
    if (known !== undefined)
      return { ...base, state: known.state, since: known.since, message: known.message }
    if (stored !== undefined)
      return { ...base, state: stored.state, since: stored.since, message: stored.message }
    return { ...base, state: 'unknown', since: startedAt, message: 'it was not evaluated yet' }
  }

  function shownKeys(name: string): string[] {
    return store
      .keysOf(name)
      .filter(({ key, message }) => key !== WHOLE && message !== '')
      .map(({ key }) => key)
  }

  return {
    report,
    keys() {
      const firing = [...monitors.keys()].map((name) => [name, shownKeys(name)] as const)
      const waiting = Map.groupBy(store.waitingKeys(), ({ monitor }) => monitor)
      return {
        firing: Object.fromEntries(firing.filter(([, keys]) => keys.length > 0)),
        waiting: Object.fromEntries([...waiting].map(([name, rows]) => [name, rows.map(({ key }) => key)])),
      }
    },
    forget(keys) {
      for (const [name, forgotten] of Object.entries(keys))
        store.forgetKeys(name, forgotten, monitors.get(name)?.kind === 'threshold')
    },
    stop: deliveries.stop,
    deliverDue: deliveries.deliverDue,
    statuses() {
      const failures = Map.groupBy(store.failures(), ({ monitor }) => monitor)
      return [...monitors.values()].map((monitor) => {
        const undelivered = failures.get(monitor.name)?.map(({ monitor: _, ...failure }) => failure)
        return { ...statusOf(monitor), ...(undelivered === undefined ? {} : { undelivered }) }
      })
    },
  }
}

/** What is told of a key that fires no more; of the whole, what is found now. */
function recoveredKey(stored: StoredKey | undefined, { message, value, at }: MonitorResult): StoredKey {
  const { key = WHOLE, since = at, message: before = '' } = stored ?? {}
  if (key === WHOLE) return { key, since, message, value }
  return { key, since, message: `no longer: ${before}`, value: null }
}
