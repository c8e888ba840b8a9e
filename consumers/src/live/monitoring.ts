/** The monitors of one source, as the object that keeps its windows has them: judged by the cron, thresholds by the windows. */

import type {
  LiveWindow,
  MonitorDefinition,
  MonitorStatus,
  ThresholdMonitor,
  WebhookDefinition,
} from '@millrace/schemas/live'
import type { UnderWay } from '../monitors/deliveries.ts'
import {
  createMonitorDesk,
  type MonitorDesk,
  type MonitorDeskEffects,
  type MonitorKeys,
} from '../monitors/desk.ts'
import { createDeskStore, createSettingsStore } from '../monitors/desk-store.ts'
import type { MonitorResult } from '../monitors/result.ts'
import { evaluateThresholds } from '../monitors/threshold.ts'

/** What the cron found of a source's monitors, and what they are. */
export interface MonitorReport {
  /** JSON text of {@link MonitorSettings}. */
  settings: string
  results: MonitorResult[]
  /** Keys of persons who are forgotten, by the name of the monitor. Default none. */
  forgotten?: Record<string, string[]>
}

/** The part of the configuration that is about monitors. */
export interface MonitorSettings {
  monitors: readonly MonitorDefinition[]
  webhooks: readonly WebhookDefinition[]
}

/** Windows of one name, as a threshold needs them. */
export interface JudgedWindows {
  windows: LiveWindow[]
  watermark: number
  everyMs: number
  sizeMs: number
  /** From here on all events were counted. */
  since: number
  /** What ends at or before it is forgotten. */
  floor: number
}

/** What {@link createMonitoring} works with. */
export interface MonitoringEffects extends MonitorDeskEffects {
  source: string
  /** Final windows of a name that end after `from`; `undefined` when there is no such window. */
  windowsOf: (name: string, now: number) => JudgedWindows | undefined
  transaction: (act: () => void) => void
}

/** The monitors. */
export interface Monitoring {
  /** Takes a report of the cron. @returns whether any status is another than before */
  report: (report: MonitorReport) => boolean
  /** Judges the thresholds by the windows as they are now. @returns likewise */
  judge: () => boolean
  statuses: () => MonitorStatus[]
  /** What is kept of keys, for the cron. */
  keys: () => MonitorKeys
  /** Sends what is due; when to come again, `undefined` when nothing waits. */
  deliverDue: () => Promise<number | undefined>
}

/** Monitors as the cron last brought their settings; none until it does for the first time. */
export function createMonitoring(effects: MonitoringEffects): Monitoring {
  const { source, now, transaction, windowsOf } = effects
  const store = createSettingsStore(effects.sql)
  const underWay: UnderWay = new Map()
  /** Watermark at which each window was last judged, by its name. */
  const judgedUntil = new Map<string, number>()
  let settings = ''
  let monitors: readonly MonitorDefinition[] = []
  let desk: MonitorDesk | undefined
  let thresholds: ThresholdMonitor[] = []

  const use = (text: string): boolean => {
    if (text === settings) return false
    const wanted = JSON.parse(text) as MonitorSettings
    const before = new Map(monitors.map((monitor) => [monitor.name, monitor]))
    transaction(() => {
      if (store.read() !== text) store.write(text)
      desk?.stop()
      desk = createMonitorDesk({ ...effects, ...wanted, underWay })
      // The last window of another name may have ended before what was judged until now.
      const moved = wanted.monitors.filter((monitor) => isMoved(before.get(monitor.name), monitor))
      if (moved.length > 0) createDeskStore(effects.sql).resetTimes(moved.map(({ name }) => name))
    })
    monitors = wanted.monitors
    thresholds = monitors.filter(
      (monitor): monitor is ThresholdMonitor =>
        monitor.kind === 'threshold' && (monitor.sources?.includes(source) ?? true),
    )
    settings = text
    return true
  }

  const take = (
    results: readonly MonitorResult[],
    forgotten: Readonly<Record<string, readonly string[]>> = {},
  ): boolean => {
    const current = desk
    const isForgotten = Object.keys(forgotten).length > 0
    if (current === undefined || (results.length === 0 && !isForgotten)) return false
    let isChanged = false
    transaction(() => {
      // First, or it would be told that they recovered.
      current.forget(forgotten)
      isChanged = current.report(results)
    })
    return isChanged || isForgotten
  }

  const judge = (): boolean => {
    const names = new Set(thresholds.map(({ window }) => window))
    const judged = new Map(
      [...names].flatMap((name) => {
        const windows = windowsOf(name, now())
        return windows === undefined ? [] : [[name, windows] as const]
      }),
    )
    const results = thresholds.flatMap((monitor) => {
      const windows = judged.get(monitor.window)
      const view = windows === undefined ? undefined : { ...windows, source }
      return view === undefined ? [] : evaluateThresholds(monitor, view, judgedUntil.get(monitor.window))
    })
    for (const [name, { watermark }] of judged) judgedUntil.set(name, watermark)
    return take(results)
  }

  const kept = store.read()
  if (kept !== undefined) use(kept)
  // An object that wakes judges again from what was saved; what it had judged since changes nothing then.
  for (const { window } of thresholds) {
    const windows = windowsOf(window, now())
    if (windows !== undefined) judgedUntil.set(window, windows.watermark)
  }

  return {
    report(report) {
      const isNew = use(report.settings)
      const isTold = take(report.results, report.forgotten)
      return judge() || isTold || isNew
    },
    judge,
    statuses: () => desk?.statuses() ?? [],
    keys: () => desk?.keys() ?? { firing: {}, waiting: {} },
    deliverDue: async () => desk?.deliverDue(),
  }
}

/** Whether it is judged by other windows than before. */
function isMoved(before: MonitorDefinition | undefined, monitor: MonitorDefinition): boolean {
  if (before === undefined || monitor.kind !== 'threshold') return false
  return before.kind !== 'threshold' || before.window !== monitor.window
}
