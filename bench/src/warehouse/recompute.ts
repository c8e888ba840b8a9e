/** What it costs to compute identities, sessions and roll-ups anew: of everything, of one minute, of a thousand late events. */

import { recompute } from '@millrace/schemas/recompute'
import { createStatements } from '../../../consumers/src/statements.ts'
import { type Measured, quantile } from '../measure.ts'
import { DAYS, SOURCE } from './generate.ts'
import { DATABASE, type MeasuredWarehouse, timeOf } from './warehouse.ts'

const SAMPLES = 3

const LATE_EVENTS = 1_000

const OPTIONS = {
  measures: [
    {
      source: SOURCE,
      measures: [{ name: 'revenue', path: 'properties.revenue', events: ['Order Completed'] }],
    },
  ],
  horizons: new Map<string, string>(),
}

/** A function that makes the computed tables current, as the cron does. */
export function createRecompute(
  { clickhouseUrl: url }: MeasuredWarehouse,
  report: (line: string) => void,
): () => Promise<void> {
  const statements = createStatements({ url, username: 'default', password: '', database: DATABASE })
  // Without the look back, which would count what was inserted for the sample before.
  const effects = {
    ...statements,
    overlapSeconds: 0,
    randomId: () => crypto.randomUUID(),
    sleep,
    log: () => {},
  }
  return async () => {
    // What is too much for one run goes on in the next.
    while ((await recompute(effects, OPTIONS)).isBehind) report('recompute: goes on')
  }
}

/** Measures; afterwards the computed tables are current. */
export async function measureRecompute(
  warehouse: MeasuredWarehouse,
  endMs: number,
  report: (line: string) => void,
): Promise<Measured[]> {
  const run = createRecompute(warehouse, report)
  const timeRun = () => timeOf(run)
  report('recompute: everything')
  const whole = await timeRun()
  const nothing: number[] = []
  const minute: number[] = []
  const late: number[] = []
  for (let i = 0; i < SAMPLES; i++) {
    report(`recompute: ${i + 1} of ${SAMPLES}`)
    nothing.push(await timeRun())
    await warehouse.run(copySql(1, endMs - (i + 1) * 3_600_000, 60_000))
    minute.push(await timeRun())
    await warehouse.run(copySql(LATE_EVENTS, endMs - DAYS * 86_400_000, DAYS * 86_400_000))
    late.push(await timeRun())
  }
  const line = (name: string, samples: number[]): Measured => ({
    name: `recompute: ${name}`,
    value: quantile(samples, 0.5),
    unit: 'ms',
    samples,
  })
  return [
    line('all events, for the first time', [whole]),
    line('a run that finds nothing new', nothing),
    line('one event in a minute of the last hours', minute),
    line(`${LATE_EVENTS.toLocaleString('en')} late events over ${DAYS} days`, late),
  ]
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Events that are new, like `count` of those of a span: same people, same sessions, another id. */
function copySql(count: number, fromMs: number, spanMs: number): string {
  const at = (ms: number) => `fromUnixTimestamp64Milli(toInt64(${ms}))`
  return `
INSERT INTO events (* EXCEPT (inserted_at, copy_rank))
SELECT * EXCEPT (inserted_at, copy_rank) REPLACE (message_id || '-late-' || toString(${Date.now()}) AS message_id)
FROM events
WHERE timestamp >= ${at(fromMs)} AND timestamp < ${at(fromMs + spanMs)}
ORDER BY cityHash64(message_id)
LIMIT ${count}`
}
