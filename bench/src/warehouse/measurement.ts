/** The warehouse: how fast rows get in, how small they lie, how soon questions are answered, and what keeping up costs. */

import type { Measured, Measurement } from '../measure.ts'
import { measureDisk } from './disk.ts'
import { measureFormats } from './formats.ts'
import { generateEvents } from './generate.ts'
import { measureInserts } from './inserts.ts'
import { measureJsonKeys } from './json-keys.ts'
import { measureQuestions } from './questions.ts'
import { measureRecompute } from './recompute.ts'
import { startWarehouse } from './warehouse.ts'

const DEFAULT_EVENTS = 10_000_000

/**
 * Measures; about ten minutes at ten million events, half of which are for making and computing them. `MILLRACE_BENCH_EVENTS` is another
 * number of events; `MILLRACE_BENCH_PARTS`, as `inserts,disk`, chooses some parts.
 */
export const measureWarehouse: Measurement = async (report) => {
  const events = Number(process.env['MILLRACE_BENCH_EVENTS'] ?? DEFAULT_EVENTS)
  if (!Number.isInteger(events) || events < 1)
    throw new RangeError(
      `MILLRACE_BENCH_EVENTS must be an integer >= 1, got ${process.env['MILLRACE_BENCH_EVENTS']}`,
    )
  const wanted = process.env['MILLRACE_BENCH_PARTS']?.split(',')
  const isWanted = (part: string) => wanted?.includes(part) ?? true
  const warehouse = await startWarehouse()
  const results: Measured[] = []
  try {
    if (isWanted('formats')) results.push(...(await measureFormats(warehouse, report)))
    if (isWanted('inserts')) results.push(...(await measureInserts(warehouse, report)))
    if (isWanted('keys')) results.push(...(await measureJsonKeys(warehouse, report)))
    if (!['disk', 'questions', 'recompute'].some(isWanted)) return results
    const endMs = Date.now()
    await generateEvents(warehouse, events, endMs, report)
    if (isWanted('disk')) results.push(...(await measureDisk(warehouse, report)))
    // Before the questions: they read what it computes.
    results.push(...(await measureRecompute(warehouse, endMs, report)))
    if (isWanted('questions')) results.push(...(await measureQuestions(warehouse, report)))
    return results
  } finally {
    await warehouse.stop()
  }
}
