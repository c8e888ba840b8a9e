/** The monitors of one source, as the object that keeps its windows has them: judged by the cron, thresholds by the windows. */

import type {
  LiveWindow,
  MonitorDefinition,
  MonitorStatus,
  ThresholdMonitor,
  WebhookDefinition,
} from '@millrace/schemas/live'
import { createMonitorDesk, type MonitorDesk, type MonitorDeskEffects } from '../monitors/desk.ts'
import { createSettingsStore } from '../monitors/desk-store.ts'
import type { MonitorResult } from '../monitors/result.ts'
import { evaluateThresholds } from '../monitors/threshold.ts'

/** What the cron found of a source's monitors, and what they are. */
export interface MonitorReport {
  /** JSON text of {@link MonitorSettings}. */
  settings: string
  results: MonitorResult[]
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
  /** From here on they are whole. */
  since: number
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
  /** Sends what is due; when to come again, `undefined` when nothing waits. */
  deliverDue: () => Promise<number | undefined>
}

/** Monitors as the cron last brought their settings; none until it does for the first time. */
export function createMonitoring(effects: MonitoringEffects): Monitoring {
  const { source, now, transaction, windowsOf } = effects
  const store = createSettingsStore(effects.sql)
  /** Watermark at which each window was last judged, by its name. */
  const judgedUntil = new Map<string, number>()
  let settings = ''
  let desk: MonitorDesk | undefined
  let thresholds: ThresholdMonitor[] = []

  const use = (text: string): boolean => {
    if (text === settings) return false
    const { monitors, webhooks } = JSON.parse(text) as MonitorSettings
    transaction(() => {
      if (store.read() !== text) store.write(text)
      desk = createMonitorDesk({ ...effects, monitors, webhooks })
    })
    thresholds = monitors.filter(
      (monitor): monitor is ThresholdMonitor =>
        monitor.kind === 'threshold' && (monitor.sources?.includes(source) ?? true),
    )
    settings = text
    return true
  }

  const take = (results: readonly MonitorResult[]): boolean => {
    const current = desk
    if (current === undefined || results.length === 0) return false
    let isChanged = false
    transaction(() => {
      isChanged = current.report(results)
    })
    return isChanged
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
      const view = windows === undefined ? undefined : { ...windows, source, now: now() }
      return view === undefined ? [] : evaluateThresholds(monitor, view, judgedUntil.get(monitor.window))
    })
    for (const [name, { watermark }] of judged) judgedUntil.set(name, watermark)
    return take(results)
  }

  const kept = store.read()
  if (kept !== undefined) use(kept)
  // What was saved is up to where an object that wakes has judged.
  for (const { window } of thresholds) {
    const windows = windowsOf(window, now())
    if (windows !== undefined) judgedUntil.set(window, windows.watermark)
  }

  return {
    report(report) {
      const isNew = use(report.settings)
      const isTold = take(report.results)
      return judge() || isTold || isNew
    },
    judge,
    statuses: () => desk?.statuses() ?? [],
    deliverDue: async () => desk?.deliverDue(),
  }
}
