/** Judges whether a deployment keeps to its own environment: what it would change or take of another one. Pure. */

import { type Finding, findingsOf } from '../doctor/finding.ts'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import type { DeployChoice, DeployFacts } from './facts.ts'

const onWrangler = findingsOf('wrangler.toml')
const onClickHouse = findingsOf('ClickHouse')

/** Variables of a shell may be of another environment: its tables would be changed, and the Worker would lack its own. */
export function judgeAsked(
  { asked }: Pick<DeployFacts, 'asked'>,
  { vars = {} }: WranglerConfig,
  { skipsMigrations }: Pick<DeployChoice, 'skipsMigrations'>,
): Finding[] {
  if (skipsMigrations) return []
  const { CLICKHOUSE_DATABASE: database, CLICKHOUSE_URL: url } = vars as Record<string, string | undefined>
  const findings: Finding[] = []
  if (database !== undefined && database !== asked.database) {
    const says = `the tables of ${asked.database} would be changed, and the Worker writes into ${database}`
    const mend =
      'leave out --database and the variable CLICKHOUSE_DATABASE; for another database there is `npx millrace migrate`'
    findings.push(onClickHouse.problem('database', says, mend))
  }
  const [host, own] = [hostOf(asked.url), hostOf(url)]
  if (!asked.isTyped && own !== undefined && host !== own) {
    const says = `CLICKHOUSE_URL of the environment is ${host}, and the Worker goes to ${own}`
    const mend = 'see that both are the same ClickHouse, or leave the variable out'
    findings.push(onClickHouse.warning('CLICKHOUSE_URL', says, mend))
  }
  return findings
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).host : undefined
}

/** What an environment must not have in common with production: wrangler inherits routes, and a queue has one consumer. */
export function judgeApart(
  { production, worker }: Pick<DeployFacts, 'production' | 'worker'>,
  bindings: WranglerConfig,
): Finding[] {
  if (production === undefined) return []
  const shared = (list: (config: WranglerConfig) => readonly string[]) => {
    const theirs = new Set(list(production))
    return [...new Set(list(bindings))].filter((name) => theirs.has(name))
  }
  const other = (field: string) => `write another ${field} into the environment`
  const taken = (check: string, mend: string) =>
    onWrangler.problem(check, 'is that of production, from which it would be taken', mend)
  const both = (check: string, says: string, mend: string) =>
    onWrangler.warning(check, `is that of production, so both ${says}`, mend)
  return [
    ...(production.name === worker.name ? [taken(`Worker ${worker.name}`, other('name'))] : []),
    ...shared(listRoutes).map((name) =>
      taken(`route ${name}`, 'write routes of its own into the environment, or routes = []'),
    ),
    ...shared(listQueues).map((name) => taken(`queue ${name}`, other('queue'))),
    ...shared(listBuckets).map((name) => taken(`bucket ${name}`, other('bucket_name'))),
    ...shared(listDatabases).map((name) =>
      both(`database ${name}`, 'write into the same tables', other('CLICKHOUSE_DATABASE')),
    ),
    ...shared(listCounters).map((id) =>
      both(`rate limit ${id}`, 'count in one counter', other('namespace_id')),
    ),
  ]
}

function listRoutes({ routes = [] }: WranglerConfig): string[] {
  return routes.map((route) => (typeof route === 'string' ? route : route.pattern))
}

function listQueues({ queues }: WranglerConfig): string[] {
  return (queues?.consumers ?? []).map(({ queue }) => queue)
}

function listBuckets({ r2_buckets: buckets = [] }: WranglerConfig): string[] {
  return buckets.flatMap(({ bucket_name: name }) => name ?? [])
}

function listDatabases({ vars = {} }: WranglerConfig): string[] {
  const { CLICKHOUSE_URL: url, CLICKHOUSE_DATABASE: name } = vars
  return typeof name === 'string' ? [`${name} at ${hostOf(String(url)) ?? 'an unknown address'}`] : []
}

function listCounters({ ratelimits = [] }: WranglerConfig): string[] {
  return ratelimits.flatMap(({ namespace_id: id }) => id ?? [])
}
