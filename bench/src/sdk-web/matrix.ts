/** The table of the comparison: one row an SDK, one column a metric, then ours against its aims. */

import { describeAim, type Measured } from '../measure.ts'
import { METRICS, type SdkMeasured } from './metrics.ts'

/** Prints the results of `sdk-web`; medians only, the file has every sample. */
export function printMatrix(title: string, results: readonly Measured[]): void {
  console.log(`\n${title}\n${formatMatrix(results).join('\n')}`)
}

/** The table as lines of text: the matrix, what failed, and each aim with whether it is kept. */
export function formatMatrix(results: readonly Measured[]): string[] {
  const measured = results.filter((result): result is SdkMeasured => 'sdk' in result)
  const sdks = [...new Set(measured.map(({ sdk }) => sdk))]
  const rows = sdks.map((sdk) => [sdk, ...METRICS.map(({ id }) => formatCell(measured, sdk, id))])
  return [
    ...alignRows([['', ...METRICS.map(({ heading }) => heading)], ...rows]),
    ...measured
      .filter(({ error }) => error !== undefined)
      .map(({ sdk, error }) => `  ${sdk} failed: ${error}`),
    '',
    ...results.flatMap(formatAim),
  ]
}

function formatCell(measured: readonly SdkMeasured[], sdk: string, metric: string): string {
  const found = measured.find((result) => result.sdk === sdk && result.metric === metric)
  return found === undefined ? '-' : formatNumber(found.value)
}

function formatAim({ name, value, unit, samples = [value], aim }: Measured): string[] {
  if (aim === undefined) return []
  const range = `${formatNumber(Math.min(...samples))} to ${formatNumber(Math.max(...samples))}`
  const ranged = samples.length > 1 ? ` (${range})` : ''
  return [`  ${name}: ${formatNumber(value)} ${unit}${ranged}; ${describeAim(value, aim)}`]
}

function alignRows(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) => {
    const [name = '', ...cells] = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    return `  ${[name, ...cells].join('  ')}`
  })
}

function formatNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 100 ? 1 : 0 })
}
