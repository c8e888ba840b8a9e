/** Checks the books that ClickHouse keeps: what nothing explains, what never came, and the heartbeat. */

import type { RunStatement } from '@millrace/schemas/migrations'
import { formatAge } from '../spill/report.ts'
import { checkHeartbeat, type HeartbeatWish } from './check-heartbeat.ts'
import { type Finding, findingsOf } from './finding.ts'
import { plural } from './report.ts'

const { ok, warning, problem, unknown } = findingsOf('pipeline')

/** The ledger is computed each minute. */
const LEDGER_LATE_MS = 600_000

/** What is on its way for longer waits for something. */
const FLIGHT_HOURS = 2

/** Names of those of these tables that there are. */
const TABLES =
  "SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN ('ledger', 'delivery_gaps', 'heartbeats')"

const LEDGER = `SELECT l.source AS source, sum(l.missing) AS missing_events, sumIf(l.in_flight, l.hour < now() - INTERVAL ${FLIGHT_HOURS} HOUR) AS late_events, sum(l.received) AS received_events
FROM ledger AS l WHERE l.hour >= now() - INTERVAL 1 DAY GROUP BY l.source ORDER BY l.source`

/** Hours that nothing touches are not computed anew, so what counts is how far the job is. */
const LEDGER_RUN =
  "SELECT count() AS runs, toUnixTimestamp64Milli(max(r.up_to)) AS up_to_ms FROM ledger_runs AS r FINAL WHERE r.job = 'ledger'"

/** Drops that a client declared are explained, stream by stream, as in the books. */
const GAPS = `SELECT g.source AS source, sum(g.missing - least(g.missing, g.dropped)) AS missing_events, count() AS streams FROM delivery_gaps AS g
WHERE g.state = 'settled' AND g.missing > g.dropped AND g.last_received_at >= now64(3) - INTERVAL 1 DAY GROUP BY g.source ORDER BY g.source`

type LedgerRow = { source: string } & Record<'missing_events' | 'late_events' | 'received_events', string>

/** All of them, as far as the database has them. */
export async function checkBooks(run: RunStatement, wish: HeartbeatWish, now: number): Promise<Finding[]> {
  let names: string[]
  try {
    names = (await run<{ name: string }>(TABLES)).map(({ name }) => name)
  } catch (error) {
    return [unknown('ledger', messageOf(error))]
  }
  const check = (name: string, table: string, look: () => Promise<Finding[]>) =>
    names.includes(table)
      ? look().catch((error: unknown) => [unknown(name, messageOf(error))])
      : [
          unknown(
            name,
            `there is no table ${table}`,
            'bring the database to this release: `npx millrace migrate`',
          ),
        ]
  const found = await Promise.all([
    check('ledger', 'ledger', () => checkLedger(run, now)),
    check('gaps', 'delivery_gaps', () => checkGaps(run)),
    wish === 'none' ? [] : check('heartbeat', 'heartbeats', () => checkHeartbeat(run, wish, now)),
  ])
  return found.flat()
}

async function checkLedger(run: RunStatement, now: number): Promise<Finding[]> {
  const [rows, [job]] = await Promise.all([
    run<LedgerRow>(LEDGER),
    run<Record<'runs' | 'up_to_ms', string>>(LEDGER_RUN),
  ])
  const { runs, up_to_ms: upTo } = numbers(job)
  const findings = rows.flatMap(judgeLedger)
  if (runs === 0) {
    const mend =
      'see whether the cron is triggered: crons stand in wrangler.toml, and the entry must export scheduled. After a start wait a minute'
    findings.push(warning('ledger', 'it was never computed, so the cron has not run yet', mend))
  } else if (now - upTo > LEDGER_LATE_MS) {
    const says = `was computed last ${formatAge(now - upTo)} ago, so it is out of date`
    const mend = 'see whether its job fails: `npx wrangler tail`, the line `job_failed` with the job `ledger`'
    findings.push(warning('ledger', says, mend))
  }
  if (findings.length > 0) return findings
  const received = rows.reduce((sum, row) => sum + Number(row.received_events), 0)
  if (received === 0) return [ok('ledger', 'nothing was received in the last day')]
  return [ok('ledger', `explains all of ${plural(received, 'event')} of the last day`)]
}

function judgeLedger({ source, ...sums }: LedgerRow): Finding[] {
  const { missing_events: missing, late_events: late } = numbers(sums)
  const check = `ledger of ${source}`
  const books = `\`npx millrace books --source ${source} --by hour\``
  const findings: Finding[] = []
  if (missing > 0) {
    const says = `nothing explains where ${plural(missing, 'event')} of the last day went`
    findings.push(
      problem(check, says, `see in which hour: ${books}, then docs/runbook.md, "Ledger: missing"`),
    )
  }
  if (late > 0) {
    const says = `${plural(late, 'event')} on the way for over ${FLIGHT_HOURS} hours: in a queue, the spill or among dead letters`
    findings.push(warning(check, says, `see where: ${books}, then docs/runbook.md, "Ledger: in flight"`))
  }
  return findings
}

async function checkGaps(run: RunStatement): Promise<Finding[]> {
  const rows = await run<{ source: string; missing_events: string; streams: string }>(GAPS)
  if (rows.length === 0) return [ok('gaps', 'no settled ones of the last day that clients did not declare')]
  return rows.map(({ source, missing_events: missing, streams }) =>
    warning(
      `gaps of ${source}`,
      `${plural(Number(missing), 'event')} of ${plural(Number(streams), 'stream')} never came, and no client said that it dropped them`,
      `see which: \`npx millrace books --source ${source} --gaps\`, then docs/runbook.md, "Gaps"`,
    ),
  )
}

/** Numbers of 64 bits come as text. */
function numbers<Name extends string>(row: Record<Name, string> | undefined): Record<Name, number> {
  const entries = Object.entries<string>(row ?? {}).map(([name, value]) => [name, Number(value)])
  return Object.fromEntries(entries) as Record<Name, number>
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
