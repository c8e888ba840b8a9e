/** When a Web Vital is good. Source: web.dev/articles/vitals and the pages of each metric, thresholds as of 2024. Pure. */

import { formatCount, formatSpan, NOTHING } from './format.ts'

/** How a value is. */
export type Rating = 'good' | 'middling' | 'poor'

interface Metric {
  title: string
  /** Up to it good, and above it poor. */
  good: number
  poor: number
  /** Absent for a score without unit. */
  isMs?: true
}

const METRICS: ReadonlyMap<string, Metric> = new Map(
  Object.entries({
    LCP: { title: 'Largest contentful paint', good: 2_500, poor: 4_000, isMs: true },
    INP: { title: 'Interaction to next paint', good: 200, poor: 500, isMs: true },
    CLS: { title: 'Cumulative layout shift', good: 0.1, poor: 0.25 },
    FCP: { title: 'First contentful paint', good: 1_800, poor: 3_000, isMs: true },
    TTFB: { title: 'Time to first byte', good: 800, poor: 1_800, isMs: true },
  } satisfies Record<string, Metric>),
)

/** Metrics in the order they are shown. */
export const VITALS: readonly string[] = [...METRICS.keys()]

/** `undefined` of a metric that has no thresholds here, and of no value. */
export function rateVital(name: string, value: number | null): Rating | undefined {
  const metric = METRICS.get(name)
  if (metric === undefined || value === null) return undefined
  return value <= metric.good ? 'good' : value <= metric.poor ? 'middling' : 'poor'
}

/** Name for people. */
export function nameVital(name: string): string {
  return METRICS.get(name)?.title ?? name
}

/** With its unit. */
export function formatVital(name: string, value: number | null): string {
  if (value === null) return NOTHING
  if (METRICS.get(name)?.isMs === true) return formatSpan(value)
  return METRICS.get(name) === undefined ? formatCount(value) : value.toFixed(value < 0.0995 ? 3 : 2)
}

/** The threshold of good, with its unit; empty where there is none. */
export function goodVital(name: string): string {
  const metric = METRICS.get(name)
  return metric === undefined ? '' : metric.isMs === true ? formatSpan(metric.good) : String(metric.good)
}
