/** What a deployment says beside its steps: the plan of one, and the summary. Pure. */

import type { Finding } from '../doctor/finding.ts'
import { formatFindings } from '../doctor/report.ts'
import { formatCheck } from '../plan/report.ts'
import type { DeployPlan } from './decide.ts'
import type { DeployChoice } from './facts.ts'
import { formatDuration } from './progress.ts'
import type { Prepared } from './read-facts.ts'
import type { DeployState } from './step.ts'
import { STEP_TITLES } from './titles.ts'
import { showCommand } from './wrangler-commands.ts'

/** What is told of the tracking plan: nothing where it is the same. */
export function formatPlanCheck({ facts }: Prepared): string {
  const { plan } = facts
  return plan.state === 'changed' ? formatCheck(plan.report) : ''
}

/** The steps of a dry run, each with the commands that it would run, ending with a newline. */
export function formatDryRun(prepared: Prepared, plan: DeployPlan, choice: DeployChoice): string {
  const { facts } = prepared
  const where = choice.environment === undefined ? '' : ` (env ${choice.environment})`
  const by = facts.account === undefined ? '' : `, account ${facts.account || 'of the login'}`
  const when = plan.problems.length === 0 ? '' : ', once the checks pass'
  const steps = listSteps(prepared, plan, choice)
  const lines = STEP_TITLES.slice(1).flatMap((title, index) => [
    `${index + 2}/${STEP_TITLES.length} ${title}`,
    ...(steps[index] ?? []).map((line) => `      ${line}`),
  ])
  return [
    `What \`millrace deploy\` would do for the Worker ${facts.worker.name}${where}${by}${when}; nothing was changed.`,
    ...lines,
    '',
    ...prepared.bundled.trim().split('\n'),
    '',
  ].join('\n')
}

function listSteps({ facts, commands }: Prepared, plan: DeployPlan, choice: DeployChoice): string[][] {
  const show = (args: readonly string[]) => showCommand(args, choice.wrangler)
  const isUnasked = facts.places.some(({ presence }) => presence === 'unknown')
  const secrets = [
    ...plan.send,
    ...plan.ask.map(({ name, canMake }) => `${name}${canMake ? ' (asked for, or made)' : ' (asked for)'}`),
  ]
  const bucket = facts.places.find(({ kind }) => kind === 'bucket')
  const file = secrets.length === 0 ? undefined : 'secrets.json'
  return [
    [
      ...(isUnasked ? ['Cloudflare was not asked what is there'] : []),
      ...orNothing(plan.create.map((place) => show(commands.create(place)))),
    ],
    describeMigrations(facts.warehouse.state, plan),
    orNothing(secrets.length === 0 ? [] : [`up with the Worker: ${secrets.join(', ')}`]),
    [show(commands.deploy(file))],
    [choice.url === undefined ? 'wait for the address that wrangler names' : `wait for ${choice.url}`],
    [choice.skipsProof ? 'skipped (--no-proof)' : 'one event through the front door into ClickHouse'],
    bucket === undefined || !plan.keepsPlan ? ['nothing'] : [show(commands.writePlan(bucket))],
  ]
}

function describeMigrations(state: string, { migrations }: DeployPlan): string[] {
  if (state === 'skipped') return ['skipped (--skip-migrations)']
  if (state === 'unknown') return ['ClickHouse could not be asked what is pending']
  return orNothing(migrations)
}

function orNothing(lines: string[]): string[] {
  return lines.length === 0 ? ['nothing'] : lines
}

/** Findings that are worth a line; empty where there is none. */
export function formatShown(findings: readonly Finding[]): string {
  return findings.length === 0 ? '' : formatFindings(findings)
}

/** The end of a deployment, ending with a newline. */
export function formatSummary(
  prepared: Prepared,
  { addresses, versionId }: DeployState,
  { choice, tookMs }: { choice: DeployChoice; tookMs: number },
): string {
  const [address = 'https://<address of the Worker>', ...others] = addresses
  const [source] = prepared.config.sources
  const key = source?.writeKeys[0]
  const rows: [string, string][] = [
    ['collector', address],
    ...others.map((other): [string, string] => ['', other]),
    ['dashboard', `${address}/dashboard`],
    ...(key === undefined
      ? []
      : [
          [
            'script tag',
            `<script async src="${address}/millrace.js" data-write-key="${key}" data-auto-page></script>`,
          ] as [string, string],
        ]),
    ...(versionId === undefined ? [] : [['version', versionId] as [string, string]]),
    ['go back', `npx wrangler rollback${nameOption(prepared, choice)} (tables and secrets stay)`],
    ...adviseSelf(prepared, choice),
  ]
  const lines = rows.map(([name, value]) => `  ${name.padEnd(12)}${value}`)
  return [`Deployed ${prepared.facts.worker.name} in ${formatDuration(tookMs)}.`, ...lines, ''].join('\n')
}

function nameOption({ facts }: Prepared, { environment }: DeployChoice): string {
  return environment === undefined ? '' : ` --name ${facts.worker.name}`
}

/** The Worker exists now, so it can be bound to itself. */
function adviseSelf({ bindings, facts, config }: Prepared, choice: DeployChoice): [string, string][] {
  const isThere = bindings.services?.some(({ binding }) => binding === 'SELF') === true
  if (isThere || config.heartbeat === false) return []
  return [
    [
      'heartbeat',
      `for heartbeats that come in as requests do, write [[services]] with binding = "SELF" and service = "${facts.worker.name}" into ${choice.wrangler}, and deploy again`,
    ],
  ]
}

/** Keys that were made: they are told once, and by nobody else. */
export function formatMade({ made, given }: DeployState, isDone: boolean): string {
  if (made.length === 0) return ''
  const head = isDone
    ? 'Made for this deployment, and shown this once. Keep them where you keep passwords:'
    : 'Made for this deployment, which may have got them though it did not end well. Keep them:'
  return `${[head, ...made.map((name) => `  ${name}=${given.get(name) ?? ''}`)].join('\n')}\n`
}
