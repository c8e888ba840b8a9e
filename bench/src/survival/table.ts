/** The table of survival: one row a scenario, one column an SDK, for each browser; then what missed its aim. */

import { describeAim, type Measured, quantile } from '../measure.ts'
import { addUp, isFlap, isOutage, type Series, type SurvivalMeasured } from './summary.ts'

/** Prints it. */
export function printSurvival(title: string, results: readonly Measured[]): void {
  console.log(`\n${title}\n${formatSurvival(results).join('\n')}`)
}

/** The table as lines of text: `arrived/sent` of all repetitions, `+n` for those that stay double after the dedupe. */
export function formatSurvival(results: readonly SurvivalMeasured[]): string[] {
  const all = results.flatMap(({ series }) => series ?? [])
  const browsers = [...new Set(all.map(({ browser }) => browser))]
  const aims = results.filter(({ aim }) => aim !== undefined)
  const missed = aims.filter(
    ({ value, aim }) => aim !== undefined && !describeAim(value, aim).endsWith('kept'),
  )
  return [
    ...browsers.flatMap((browser) => [`  ${browser}`, ...formatBrowser(all, browser)]),
    `  ${aims.length - missed.length} of ${aims.length} aims kept`,
    ...missed.map(({ name, value, unit, aim }) => {
      const shown = value.toLocaleString('en-US', { maximumFractionDigits: 2 })
      return `  ${name}: ${shown} ${unit}; ${aim === undefined ? '' : describeAim(value, aim)}`
    }),
    ...all.flatMap(({ sdk, scenario, errors }) => errors.map((error) => `  ${sdk}, ${scenario}: ${error}`)),
  ]
}

function formatBrowser(all: readonly Series[], browser: string): string[] {
  const here = all.filter((series) => series.browser === browser)
  const sdks = [...new Set(here.map(({ sdk }) => sdk))]
  const rows = new Map<string, string[]>()
  for (const series of here) {
    for (const [label, cell] of describeCells(series)) {
      const row = rows.get(label) ?? sdks.map(() => '-')
      row[sdks.indexOf(series.sdk)] = cell
      rows.set(label, row)
    }
  }
  return alignRows([['', ...sdks], ...[...rows].map(([label, cells]) => [label, ...cells])])
}

function describeCells({ scenario, events, outcomes }: Series): [label: string, cell: string][] {
  const label = `${scenario}, ${events.toLocaleString('en-US')}`
  const { sent, arrived, duplicates } = addUp(outcomes)
  const cells: [string, string][] = [[label, `${arrived}/${sent}${duplicates > 0 ? ` +${duplicates}` : ''}`]]
  if (isOutage(scenario)) {
    cells.push([`${label}: most requests`, `${Math.max(...outcomes.map(({ requests }) => requests))}`])
  }
  if (isFlap(scenario)) {
    const whole = outcomes.filter((outcome) => outcome.arrived === outcome.sent)
    const recovery = whole.flatMap(({ recoveryMs }) => recoveryMs ?? [])
    cells.push([`${label}: ms, median`, recovery.length > 0 ? `${quantile(recovery, 0.5)}` : '-'])
  }
  return cells
}

function alignRows(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    return `    ${cells.join('  ')}`
  })
}
