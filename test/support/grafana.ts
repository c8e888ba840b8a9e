/** Reads the dashboards of `docs/grafana` as Grafana does before it asks: macros and variables filled in. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../scripts/setup.mjs'

/** A panel's question. */
export interface DashboardQuery {
  panel: string
  /** SQL or PromQL, as the file has it. */
  text: string
}

interface Panel {
  title: string
  datasource?: { type: string; uid: string }
  targets?: { rawSql?: string; expr?: string; datasource?: { type: string; uid: string } }[]
}

/** A dashboard. */
export interface Dashboard {
  schemaVersion: number
  uid: string
  title: string
  templating: { list: { name: string; type: string; query: string | { query: string } }[] }
  panels: (Panel & { id: number; gridPos: { h: number; w: number; x: number; y: number } })[]
}

/** One of the files. */
export function readDashboard(name: string): Dashboard {
  return JSON.parse(readFileSync(join(ROOT, 'docs/grafana', `${name}.json`), 'utf8')) as Dashboard
}

/** The questions of all panels. */
export function listQueries({ panels }: Dashboard): DashboardQuery[] {
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ rawSql, expr }) => ({ panel: title, text: rawSql ?? expr ?? '' })),
  )
}

/**
 * SQL with the macros of Grafana's ClickHouse data source filled in for the last day. Source:
 * https://github.com/grafana/clickhouse-datasource#macros, checked November 2026.
 *
 * @throws Error for a macro or variable that is not known
 */
export function fillInSql(text: string, sources: readonly string[], database = 'millrace'): string {
  const seconds = Math.floor(Date.now() / 1_000)
  const filled = text
    .replace(
      /\$__timeFilter\((\w+)\)/g,
      (_, column: string) =>
        `${column} >= toDateTime(${seconds - 86_400}) AND ${column} <= toDateTime(${seconds + 60})`,
    )
    .replace(
      /\$__timeInterval\((\w+)\)/g,
      (_, column: string) => `toStartOfInterval(toDateTime(${column}), INTERVAL 60 second)`,
    )
    .replace(/\$\{database\}/g, database)
    .replace(/\$\{source:singlequote\}/g, sources.map((source) => `'${source}'`).join(','))
  if (filled.includes('$')) throw new Error(`an unknown macro or variable: ${filled}`)
  return filled
}

/** Names of metrics in PromQL, those of a histogram's samples by the histogram. */
export function listMetrics(expr: string): string[] {
  return [...expr.matchAll(/\bmillrace_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''))
}
