/** The sums as lines of a result. */

import type { Measured } from '../measure.ts'
import type { Totals } from './progress.ts'

const HOUR_MS = 3_600_000

/** One line a number. */
export function describeTotals(totals: Totals): Measured[] {
  const { seeds, events, received, explained, processorMs, warehouse } = totals
  const injected = Object.values(totals.faults).reduce((sum, count) => sum + count, 0)
  const none = { atMost: 0 }
  return [
    { name: 'seeds', value: seeds, unit: 'seeds' },
    { name: 'seeds with a problem', value: totals.failed.length, unit: 'seeds', aim: none },
    { name: 'events a seed, about', value: totals.eventsASeed, unit: 'events' },
    { name: 'events given out', value: events, unit: 'events' },
    { name: 'acknowledged', value: totals.acknowledged, unit: 'events' },
    { name: 'stored', value: totals.stored, unit: 'events' },
    { name: 'acknowledged and lost', value: totals.lost, unit: 'events', aim: none },
    { name: 'counted twice', value: totals.doubled, unit: 'events', aim: none },
    { name: 'received, by the books', value: received, unit: 'events' },
    {
      name: 'explained of these',
      value: received === 0 ? 100 : (100 * explained) / received,
      unit: '%',
      aim: { atLeast: 100 },
    },
    { name: 'false gaps', value: totals.falseGaps, unit: 'numbers', aim: none },
    { name: 'seeds through a real ClickHouse', value: warehouse.seeds, unit: 'seeds' },
    { name: 'of all seeds', value: (100 * warehouse.seeds) / Math.max(1, seeds), unit: '%' },
    { name: 'events there', value: warehouse.events, unit: 'events' },
    { name: 'rows there, with all copies', value: warehouse.rows, unit: 'rows' },
    { name: 'faults injected', value: injected, unit: 'faults' },
    ...Object.entries(totals.faults)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, count]) => ({ name: `fault: ${kind}`, value: count, unit: 'times' })),
    { name: 'virtual time', value: totals.virtualMs / HOUR_MS, unit: 'hours' },
    {
      name: 'events a second of processor time',
      value: (1_000 * events) / Math.max(1, processorMs),
      unit: 'events/s',
    },
    {
      name: 'events a second of two processes, with the real ClickHouse',
      value: (1_000 * events) / Math.max(1, totals.wallMs),
      unit: 'events/s',
    },
  ]
}
