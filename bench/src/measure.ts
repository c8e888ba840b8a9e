/** What every measurement shares: medians, a table on the terminal, a JSON file beside the others. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One line of a result: a name, a number and its unit; `samples` are the raw numbers behind it. */
export interface Measured {
  name: string
  value: number
  unit: string
  samples?: number[]
  /** What the value should be; printed beside it. */
  aim?: Aim
}

/** A bound that a value should keep. */
export type Aim = { atLeast: number } | { atMost: number }

/** A measurement: prints nothing itself, gives its lines. */
export type Measurement = (report: (line: string) => void) => Promise<Measured[]>

/** Where results are written; tests write theirs elsewhere. */
const RESULTS =
  process.env['MILLRACE_BENCH_RESULTS'] ?? join(dirname(dirname(fileURLToPath(import.meta.url))), 'results')

/** The q-th quantile of numbers, q from 0 to 1; the middle one for 0.5. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}

/** Writes `<name>.json` into `bench/results/` or `MILLRACE_BENCH_RESULTS`, with the machine it was measured on in general terms. */
export function writeResult(name: string, results: readonly Measured[]): void {
  mkdirSync(RESULTS, { recursive: true })
  const machine = { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version }
  const text = JSON.stringify({ name, measuredAt: new Date().toISOString(), machine, results }, null, 2)
  writeFileSync(join(RESULTS, `${name}.json`), `${text}\n`)
}

/** Prints the lines as a table, with the range of the samples and the aim where there are any. */
export function printTable(title: string, results: readonly Measured[]): void {
  const width = Math.max(...results.map(({ name }) => name.length))
  console.log(`\n${title}`)
  for (const result of results) {
    const { name, value, unit, samples = [], aim } = result
    const notes = [
      samples.length > 1
        ? ` (${formatValue(Math.min(...samples))} to ${formatValue(Math.max(...samples))})`
        : '',
      aim === undefined ? '' : `; ${describeAim(value, aim)}`,
    ]
    console.log(`  ${name.padEnd(width)}  ${formatValue(value).padStart(12)} ${unit}${notes.join('')}`)
  }
}

/** The aim in words, and whether the value keeps it. */
export function describeAim(value: number, aim: Aim): string {
  const isLowerBound = 'atLeast' in aim
  const isKept = isLowerBound ? value >= aim.atLeast : value <= aim.atMost
  const bound = isLowerBound ? `at least ${formatValue(aim.atLeast)}` : `at most ${formatValue(aim.atMost)}`
  return `aim ${bound}: ${isKept ? 'kept' : 'missed'}`
}

function formatValue(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0 })
}
