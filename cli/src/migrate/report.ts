/** What `millrace migrate` says to people. */

import {
  describeRules,
  type Loss,
  type PlannedStatement,
  type WarehouseStatus,
} from '@millrace/schemas/migrations'

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB']

/** What a statement would lose: `0005_drop.sql drops the table x (12 rows, 3.4 KB on disk)`. */
export function describeLoss({ origin, what, rows, tableBytes }: Loss): string {
  const count = `${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}`
  return `${origin} ${what} (${count}, ${origin === 'retention' ? 'of tables of' : 'of'} ${describeBytes(tableBytes)} on disk)`
}

/** The question before it. */
export function askForLoss(loss: Loss): string {
  const why = loss.why === '' ? '' : `  ${loss.why}\n`
  return `${describeLoss(loss)}.\n${why}They cannot be had back. Go on? [y/N] `
}

/** The status, ending with a newline. */
export function formatStatus(
  { exists, applied, pending, retention }: WarehouseStatus,
  where: { database: string; url: string },
): string {
  const head = `database ${where.database} at ${where.url}${exists ? '' : ', which is not there yet'}`
  const rows = [
    ...applied.map(({ name, applied_at }) => [name, `applied ${applied_at?.slice(0, 19) ?? ''} UTC`]),
    ...pending.map(({ name }) => [name, 'pending']),
    ...retention.map(({ name, from, to }) => [
      `retention of ${name}`,
      `${describeRules(from)}; to be: ${describeRules(to)}`,
    ]),
  ]
  const width = Math.max(...rows.map(([name = '']) => name.length))
  const lines = rows.map(([name = '', state = '']) => `  ${name.padEnd(width)}  ${state}`)
  const isCurrent = pending.length + retention.length === 0
  return `${[head, ...lines, isCurrent ? 'up to date' : 'to do: millrace migrate'].join('\n')}\n`
}

/** Statements as a file that could be run, ending with a newline. */
export function formatPlan(planned: readonly PlannedStatement[]): string {
  if (planned.length === 0) return '-- nothing to do: the database is up to date\n'
  let origin = ''
  const parts = planned.map((statement) => {
    const title = statement.origin === origin ? '' : `-- ${statement.origin}\n`
    origin = statement.origin
    return `${title}${formatPlanned(statement)}\n`
  })
  return parts.join('\n')
}

function formatPlanned({ sql, isSkipped, loss }: PlannedStatement): string {
  if (isSkipped) return `-- skipped, because it is done already:\n${sql.replace(/^/gm, '-- ')};`
  const question = loss === undefined ? '' : `-- asks first: ${describeLoss(loss)}\n`
  return `${question}${sql};`
}

function describeBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}
