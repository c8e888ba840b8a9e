/** Checks ClickHouse: that it answers, soon enough, in a version that will do, to a user who may, and its clock and tables. */

import { checkDatabaseName, type RunStatement, readWarehouse } from '@millrace/schemas/migrations'
import { ClickHouseFailure, createQuery } from '../clickhouse.ts'
import type { Goal } from '../migrate/goal.ts'
import { judgeClock } from './clocks.ts'
import type { DoctorEffects } from './effects.ts'
import { type Finding, findingsOf } from './finding.ts'
import { plural } from './report.ts'

const maker = findingsOf('ClickHouse')
const { ok, warning, problem, unknown } = maker

/** Where it is. */
export interface ClickHousePlace {
  url: string
  user: string
  password: string
  database: string
}

/** How it is asked: in the database, and where that may not be there yet. */
export interface AskClickHouse {
  run: RunStatement
  runOutside: RunStatement
}

/** What was found; without `ask` nothing else can be read from it. */
export interface ClickHouseChecked {
  ask: AskClickHouse | undefined
  findings: Finding[]
}

/** `JSON` columns are no experiment since this one. Source: release notes of ClickHouse 25.3. */
const OLDEST_VERSION = [25, 3] as const

/** What Millrace is tried with. */
const TRIED_VERSION = [26, 7] as const

/** Every batch of events waits for one insert. */
const SLOW_MS = 500

/** How long a check waits. */
const TIMEOUT_MS = 15_000

/** What the Worker and the commands do in the database. */
const RIGHTS = [
  'SELECT',
  'INSERT',
  'ALTER',
  'CREATE TABLE',
  'CREATE VIEW',
  'CREATE DICTIONARY',
  'DROP TABLE',
  'TRUNCATE',
  'dictGet',
] as const

/** Checks it. Changes nothing. */
export async function checkClickHouse(
  place: ClickHousePlace,
  goal: Goal | undefined,
  { fetch, now }: Pick<DoctorEffects, 'fetch' | 'now'>,
  signal: AbortSignal,
): Promise<ClickHouseChecked> {
  const unnamed = checkName(place.database)
  if (unnamed !== undefined) return { ask: undefined, findings: [unnamed] }
  const ask = createAsk(place, fetch, signal)
  const reached = await checkAnswers(place, ask, now)
  if (!reached.isThere) return { ask: undefined, findings: reached.findings }
  const [rights, tables] = await Promise.all([checkRights(place, ask), checkTables(place, goal, ask)])
  return {
    ask: tables.isThere ? ask : undefined,
    findings: [...reached.findings, rights, ...tables.findings],
  }
}

/** What is said where the address is only a placeholder, so that nobody can be asked. What runs on this machine needs none. */
export function withoutAddress(url: string, isDeployed: boolean): ClickHouseChecked {
  const finding = isDeployed
    ? problem(
        'address',
        `${url} is only a placeholder`,
        'write the address of your ClickHouse as CLICKHOUSE_URL into wrangler.toml',
      )
    : unknown(
        'address',
        `${url} is only a placeholder, so nothing was asked`,
        'needed only to deploy: write the address of your ClickHouse into wrangler.toml. That of `millrace dev` is asked with `--clickhouse-url http://127.0.0.1:8123`',
      )
  return { ask: undefined, findings: [finding] }
}

/** A name that is none must not get into a statement. */
function checkName(database: string): Finding | undefined {
  try {
    checkDatabaseName(database)
    return undefined
  } catch (error) {
    return problem(
      'database',
      describe(error),
      'correct CLICKHOUSE_DATABASE in wrangler.toml, or give --database',
    )
  }
}

function createAsk(
  place: ClickHousePlace,
  fetch: DoctorEffects['fetch'],
  signal: AbortSignal,
): AskClickHouse {
  const askIn =
    (database: string): RunStatement =>
    (sql) => {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
      return createQuery({ ...place, database, fetch: fetch as never, signal: limited })(sql, {})
    }
  return { run: askIn(place.database), runOutside: askIn('') }
}

async function checkAnswers(
  { url, user }: ClickHousePlace,
  { runOutside }: AskClickHouse,
  now: () => number,
): Promise<{ isThere: boolean; findings: Finding[] }> {
  const askedAt = now()
  try {
    const [row] = await runOutside<{ version: string; at: string | number }>(
      'SELECT version() AS version, toUnixTimestamp64Milli(now64(3)) AS at',
    )
    const answeredAt = now()
    const reading = { askedAt, answeredAt, at: Number(row?.at), resolutionMs: 0 }
    return {
      isThere: true,
      findings: [
        checkLatency(url, answeredAt - askedAt),
        checkVersion(row?.version ?? ''),
        judgeClock('ClickHouse', reading, maker),
      ],
    }
  } catch (error) {
    return { isThere: false, findings: [problem('address', describe(error), mendAnswer(error, url, user))] }
  }
}

function mendAnswer(error: unknown, url: string, user: string): string {
  if (error instanceof ClickHouseFailure && /HTTP (401|403|516)|AUTHENTICATION_FAILED/.test(error.message))
    return `set the password of ${user} in the variable CLICKHOUSE_PASSWORD, and the name with --user or CLICKHOUSE_USER`
  return `see whether it runs: \`curl ${url}/ping\`; --clickhouse-url names another address. Nothing is lost meanwhile: events wait in the queue for retries`
}

function checkLatency(url: string, ms: number): Finding {
  const says = `${url} answers in ${Math.round(ms)} ms`
  if (ms < SLOW_MS) return ok('address', says)
  return warning(
    'address',
    `${says}, which every batch of events has to wait for`,
    'see what it is busy with: `SELECT elapsed, query FROM system.processes ORDER BY elapsed DESC`',
  )
}

function checkVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isBelow = ([a, b]: readonly [number, number]) => major < a || (major === a && minor < b)
  if (isBelow(OLDEST_VERSION))
    return problem(
      'version',
      `${version} has no JSON columns to rely on`,
      `upgrade ClickHouse to ${TRIED_VERSION.join('.')} or newer`,
    )
  if (!isBelow(TRIED_VERSION)) return ok('version', version)
  const says = `${version} is older than what Millrace is tried with`
  return warning('version', says, `upgrade ClickHouse to ${TRIED_VERSION.join('.')} or newer when you can`)
}

async function checkRights(
  { database, user }: ClickHousePlace,
  { runOutside }: AskClickHouse,
): Promise<Finding> {
  const check = `rights of ${user}`
  try {
    const missing: string[] = []
    await Promise.all(
      RIGHTS.map(async (right) => {
        const [row] = await runOutside<{ result: number }>(`CHECK GRANT ${right} ON \`${database}\`.*`)
        if (Number(row?.result) !== 1) missing.push(right)
      }),
    )
    if (missing.length === 0) return ok(check, 'all that the Worker and the commands do')
    const wanted = RIGHTS.filter((right) => missing.includes(right)).join(', ')
    return problem(
      check,
      `lacks ${wanted}`,
      `as an administrator of ClickHouse: \`GRANT ${wanted} ON ${database}.* TO ${user}\``,
    )
  } catch (error) {
    return unknown(check, describe(error), 'look at them yourself: `SHOW GRANTS`')
  }
}

async function checkTables(
  { url, database }: ClickHousePlace,
  goal: Goal | undefined,
  ask: AskClickHouse,
): Promise<{ isThere: boolean; findings: Finding[] }> {
  const migrate = `\`npx millrace migrate --clickhouse-url ${url} --database ${database}\``
  const [found] = await ask
    .runOutside<{ found: number }>(`SELECT 1 AS found FROM system.databases WHERE name = '${database}'`)
    .catch(() => [])
  if (found === undefined) {
    const says = `there is no database ${database}`
    return { isThere: false, findings: [problem('tables', says, `make it with all tables: ${migrate}`)] }
  }
  if (goal === undefined)
    return { isThere: true, findings: [unknown('tables', 'the configuration does not load')] }
  try {
    const { applied, pending, retention } = await readWarehouse(goal, ask)
    const names = pending.map(({ name }) => name).join(', ')
    const tables =
      pending.length === 0
        ? ok('tables', `${plural(applied.length, 'migration')}, all of this release`)
        : problem(
            'tables',
            `${plural(pending.length, 'migration')} pending: ${names}`,
            `apply them before you deploy: ${migrate}`,
          )
    const tablesOf = retention.map(({ name }) => name).join(', ')
    const kept =
      retention.length === 0
        ? ok('retention', 'as configured')
        : warning(
            'retention',
            `not as configured in ${tablesOf}`,
            `see what would go: ${migrate.replace('migrate', 'migrate --dry-run')}, then without --dry-run`,
          )
    return { isThere: true, findings: [tables, kept] }
  } catch (error) {
    return {
      isThere: true,
      findings: [
        problem(
          'tables',
          describe(error),
          'use the release that belongs to this database: `npx millrace migrate status`',
        ),
      ],
    }
  }
}

function describe(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `no answer within ${TIMEOUT_MS} ms`
  return (error instanceof Error ? error.message : String(error)).trim()
}
