/** What `npm run bench` has written: the numbers of `bench/results`. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../setup.mjs'

/** A line of a result, with what some measurements say besides. */
export interface ResultLine {
  name: string
  value: number
  unit: string
  samples?: number[]
  /** Where it stands in a table. */
  table?: string
  row?: string
  column?: string
  /** What was played and what came of it, in `sdk-survival.json`. */
  series?: { browser: string; sdk: string; scenario: string; events: number; outcomes: Outcome[] }
}

/** One repetition of a scenario. */
export interface Outcome {
  sent: number
  arrived: number
  duplicates: number
}

/** The file of one measurement. */
export interface Results {
  name: string
  /** ISO 8601. */
  measuredAt: string
  results: ResultLine[]
}

/** Reads the results of a measurement, by the name of its file. */
export type ReadResults = (name: string) => Results

/** Reads them from a folder, each file once. */
export function createReadResults(folder: string = join(ROOT, 'bench/results')): ReadResults {
  const known = new Map<string, Results>()
  return (name) => {
    const results =
      known.get(name) ?? (JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Results)
    known.set(name, results)
    return results
  }
}

/**
 * A line by its name, and its unit where names are not enough.
 *
 * @throws Error when there is none
 */
export function findLine({ name: file, results }: Results, name: string, unit?: string): ResultLine {
  const found = results.find((line) => line.name === name && (unit === undefined || line.unit === unit))
  if (found === undefined) throw new Error(`bench/results/${file}.json has no line ${JSON.stringify(name)}`)
  return found
}
