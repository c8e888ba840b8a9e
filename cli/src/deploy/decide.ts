/** Judges the facts: what stands in the way of a deployment, and what it would do step by step. Pure. */

import { isLoopback } from '../command-world.ts'
import { type Finding, findingsOf } from '../doctor/finding.ts'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import { describeLoss } from '../migrate/report.ts'
import { isNoClickHouseUrl } from '../no-clickhouse-url.ts'
import type { DeployChoice, DeployFacts, Place, WantedSecret } from './facts.ts'
import { judgeApart, judgeAsked } from './judge-environment.ts'
import { listMissing } from './secrets.ts'

/** What a deployment would do. */
export interface DeployPlan {
  /** What is as it should be. */
  fine: Finding[]
  /** Nothing is done while there is one. */
  problems: Finding[]
  /** They do not stop it. */
  warnings: Finding[]
  /** Those that are not there, in the order in which they are made. */
  create: Place[]
  /** Names of migrations, and `retention`, that have statements to run. */
  migrations: string[]
  /** Names of secrets that go up: their values are on this machine. */
  send: string[]
  /** Those that have to be asked for. */
  ask: WantedSecret[]
  /** Whether the plans are to be kept anew. */
  keepsPlan: boolean
}

/** Warnings of the doctor that a deployment cannot do with: nothing would work, or nothing could be sent. */
const GRAVE = /^(variables|built files)( |$)/

const onWrangler = findingsOf('wrangler.toml')
const onConfig = findingsOf('configuration')
const onClickHouse = findingsOf('ClickHouse')

/** Decides. */
export function planDeploy(facts: DeployFacts, bindings: WranglerConfig, choice: DeployChoice): DeployPlan {
  const found = [
    ...facts.findings.map((finding) => weigh(finding, choice)),
    ...judgeVariables(bindings),
    ...judgeAsked(facts, bindings, choice),
    ...judgeApart(facts, bindings),
    ...judgeSelf(facts, bindings),
    ...judgePlan(facts, choice),
    ...judgeLosses(facts, choice),
    ...judgeSecrets(facts, choice),
  ]
  const { wanted, set, here } = facts.secrets
  const optional = [...here].filter((name) => !wanted.some((one) => one.name === name))
  return {
    fine: found.filter(({ state }) => state === 'ok'),
    problems: found.filter(({ state }) => state === 'problem'),
    warnings: found.filter(({ state }) => state === 'warning' || state === 'unknown'),
    create: facts.places.filter(({ presence }) => presence !== 'there'),
    migrations: listMigrations(facts),
    send: [...wanted.map(({ name }) => name), ...optional].filter(
      (name) => here.has(name) && set?.has(name) !== true,
    ),
    ask: listMissing(facts.secrets),
    keepsPlan: facts.plan.state !== 'same',
  }
}

/** What could not be asked stops a deployment, and not the plan of one. */
function weigh(finding: Finding, { isDryRun }: DeployChoice): Finding {
  const { group, check, state } = finding
  const isGrave = state === 'warning' && group === 'wrangler.toml' && GRAVE.test(check)
  const isUnasked = state === 'unknown' && group === 'Cloudflare' && !isDryRun
  // What says so is to be followed by this command, which deploys.
  const mend = finding.mend?.replace(/,? then `npx wrangler deploy[^`]*`/, '')
  const weighed: Finding = mend === undefined ? finding : { ...finding, mend }
  return isGrave || isUnasked ? { ...weighed, state: 'problem' } : weighed
}

function judgeVariables({ vars = {} }: WranglerConfig): Finding[] {
  const { MILLRACE_ENV: mode, CLICKHOUSE_URL: url } = vars as Record<string, unknown>
  const findings: Finding[] = []
  // Of "development" the doctor says it already.
  if (typeof mode === 'string' && mode !== 'production' && mode !== 'development') {
    const mend = 'write MILLRACE_ENV = "production" under [vars], in each environment that is deployed'
    findings.push(onWrangler.problem('MILLRACE_ENV', `"${mode}" is none that the Worker knows`, mend))
  }
  if (typeof url !== 'string' || url === '') return findings
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    const mend = 'write the address of your ClickHouse, such as "https://clickhouse.example:8443"'
    findings.push(onWrangler.problem('CLICKHOUSE_URL', 'is no http or https address', mend))
  } else if (isNoClickHouseUrl(url)) {
    const mend = 'write the address of your ClickHouse over it, in each environment that is deployed'
    findings.push(onWrangler.problem('CLICKHOUSE_URL', 'is still the placeholder', mend))
  } else if (url.startsWith('http:') && !isLoopback(url)) {
    const says = 'goes over http, so the password and every event can be read on the way'
    findings.push(onWrangler.warning('CLICKHOUSE_URL', says, 'use its https address'))
  }
  return findings
}

/** Through it heartbeats go in as requests do; see the comment in `wrangler.toml`. */
function judgeSelf({ worker }: DeployFacts, { services = [] }: WranglerConfig): Finding[] {
  const self = services.find(({ binding }) => binding === 'SELF')
  if (self === undefined) return []
  if (self.service !== worker.name) {
    const says = `SELF is ${self.service}, so heartbeats would go to another Worker than ${worker.name}`
    return [
      onWrangler.problem('service SELF', says, `write service = "${worker.name}" beside binding = "SELF"`),
    ]
  }
  if (worker.presence !== 'missing') return []
  const says = `the Worker ${worker.name} is not there yet, and Cloudflare may not bind what is not there`
  const mend =
    'where wrangler refuses it, take SELF out of wrangler.toml, deploy, put it back and deploy again'
  return [onWrangler.warning('service SELF', says, mend)]
}

function judgePlan({ plan }: DeployFacts, { allowsBreaking }: DeployChoice): Finding[] {
  const check = 'tracking plan'
  if (plan.state === 'unreadable') {
    const mend = 'use the release that deployed last, or go on without a comparison: --allow-breaking'
    const says = `the plan of the last deployment cannot be compared: ${plan.why}`
    return [allowsBreaking ? onConfig.warning(check, says, mend) : onConfig.problem(check, says, mend)]
  }
  if (plan.state !== 'changed' && plan.state !== 'same') return []
  const named = plan.report.sources.flatMap(({ source, entries }) =>
    entries.map((entry) => ({ ...entry, name: `${entry.event ?? entry.type} of ${source}` })),
  )
  const refused = named
    .filter(({ verdict }) => verdict === 'refused')
    .map(({ name, problems }) =>
      onConfig.problem(
        `${check}, ${name}`,
        problems.join('; '),
        'the report above says which event would break',
      ),
    )
  const undecided = named
    .filter(({ verdict }) => verdict === 'undecided')
    .map(({ name }) =>
      onConfig.warning(
        `${check}, ${name}`,
        'whether older events keep passing could not be decided',
        'look at the change yourself: `git diff`, or `npx millrace plan check --against` the commit that is deployed',
      ),
    )
  return [...refused, ...undecided]
}

function judgeLosses({ warehouse }: DeployFacts, { isYes, hasTerminal }: DeployChoice): Finding[] {
  if (warehouse.state !== 'known') return []
  const losses = warehouse.statements.flatMap(({ loss }) => (loss === undefined ? [] : [loss]))
  const isAllowed = isYes || hasTerminal
  return losses.map((loss) =>
    isAllowed
      ? onClickHouse.warning(`loss by ${loss.origin}`, describeLoss(loss), 'it is asked for; --yes allows it')
      : onClickHouse.problem(
          `loss by ${loss.origin}`,
          `${describeLoss(loss)}, and nobody can be asked here`,
          '--yes allows it; they cannot be had back',
        ),
  )
}

/** All at once, so that nobody has to try as often as there are secrets. */
function judgeSecrets({ secrets }: DeployFacts, choice: DeployChoice): Finding[] {
  const missing = listMissing(secrets)
  if (missing.length === 0 || choice.hasTerminal) return []
  const says = `${missing.map(({ name, path }) => `${name} (${path})`).join(', ')} not set, neither at Cloudflare nor here`
  const mend =
    'set them in the environment or in a file of --secrets-file (KEY=value), or run it on a terminal, which asks'
  const { problem, unknown } = findingsOf('Cloudflare')
  return secrets.set === undefined && choice.isDryRun
    ? [unknown('secrets', says.replace(/, neither.*$/, ' here; Cloudflare was not asked'), mend)]
    : [problem('secrets', says, mend)]
}

function listMigrations({ warehouse }: DeployFacts): string[] {
  if (warehouse.state !== 'known') return []
  const named = warehouse.statements.map(({ origin }) => (origin === '' ? 'database' : origin))
  return [...new Set(named)]
}
