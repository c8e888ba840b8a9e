/** The monitors of one source, as the object that keeps its windows has them: judged by the cron, thresholds by the windows. */

import type {
  LiveWindow,
  MonitorDefinition,
  MonitorStatus,
  ThresholdMonitor,
  WebhookDefinition,
} from '@millrace/schemas/live'
import { createMonitorDesk, type MonitorDesk, type MonitorDeskEffects } from '../monitors/desk.ts'
import type { MonitorResult } from '../monitors/result.ts'
import { evaluateThreshold } from '../monitors/threshold.ts'

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

/** Monitors that nothing is known of until the cron reports: it brings their settings, too. */
export function createMonitoring(effects: MonitoringEffects): Monitoring {
  const { source, now, transaction, windowsOf } = effects
  let settings = ''
  let desk: MonitorDesk | undefined
  let thresholds: ThresholdMonitor[] = []

  const use = (text: string): boolean => {
    if (text === settings) return false
    const { monitors, webhooks } = JSON.parse(text) as MonitorSettings
    transaction(() => {
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

  const judge = (): boolean =>
    take(
      thresholds.flatMap((monitor) => {
        const judged = windowsOf(monitor.window, now())
        return judged === undefined ? [] : [evaluateThreshold(monitor, { ...judged, source, now: now() })]
      }),
    )

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
