/** Asks Cloudflare, by the wrangler of the project, what is there already. Changes nothing. */

import { queueName } from '../doctor/check-bindings.ts'
import { type Finding, findingsOf } from '../doctor/finding.ts'
import { REQUIRED_BUCKET, REQUIRED_QUEUES } from '../doctor/required-bindings.ts'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import type { RunResult } from '../wrangler/run.ts'
import { isMissing, LOGIN, NO_LOGIN, readSecretNames, whyNot } from '../wrangler/words.ts'
import type { Place, Presence } from './facts.ts'
import type { WranglerCommands } from './wrangler-commands.ts'

const { ok, unknown } = findingsOf('Cloudflare')

/** What was found. */
export interface CloudflareFacts {
  account: string | undefined
  worker: Presence
  places: Place[]
  secrets: ReadonlySet<string> | undefined
  /** Text of the plan that was kept, where there is one and it could be read. */
  planText: string | undefined
  findings: Finding[]
}

/** What a login has to be allowed, for a token that may not do everything. */
const RIGHTS =
  'give the token Workers Scripts, Queues and Workers R2 Storage with Edit, and Account Settings with Read, at https://dash.cloudflare.com/profile/api-tokens'

/** Asks everything; without a login nothing but that. */
export async function readCloudflare(
  bindings: WranglerConfig,
  commands: WranglerCommands,
  run: (args: readonly string[]) => Promise<RunResult>,
): Promise<CloudflareFacts> {
  const places = listPlaces(bindings)
  const login = readLogin(await run(commands.whoami))
  if (login.account === undefined) return { ...UNASKED, places, findings: [login.finding] }
  const [asked, secrets] = await Promise.all([
    Promise.all(places.map(async (place) => readPlace(place, await run(commands.info(place))))),
    run(commands.secretList).then(readSecrets),
  ])
  const bucket = asked.find(({ place }) => place.kind === 'bucket')?.place
  const plan = bucket?.presence === 'there' ? readPlan(await run(commands.readPlan(bucket))) : NO_PLAN
  return {
    account: login.account,
    worker: secrets.worker,
    places: asked.map(({ place }) => place),
    secrets: secrets.names,
    planText: plan.text,
    findings: [
      login.finding,
      ...asked.flatMap(({ findings }) => findings),
      ...secrets.findings,
      ...plan.findings,
    ],
  }
}

const UNASKED = {
  account: undefined,
  worker: 'unknown',
  secrets: undefined,
  planText: undefined,
} as const

const NO_PLAN: { text: string | undefined; findings: Finding[] } = { text: undefined, findings: [] }

/** The dead-letter queue first: the others name it. */
export function listPlaces(bindings: WranglerConfig): Place[] {
  const roles = [...REQUIRED_QUEUES].sort((a, b) => Number(b.role === 'dead') - Number(a.role === 'dead'))
  const queues = roles.map(
    (queue): Place => ({
      kind: 'queue',
      name: queueName(bindings, queue),
      presence: 'unknown',
    }),
  )
  const found = bindings.r2_buckets?.find(({ binding }) => binding === REQUIRED_BUCKET)
  if (found?.bucket_name === undefined) return queues
  const { bucket_name: name, jurisdiction } = found
  return [...queues, { kind: 'bucket', name, ...(jurisdiction && { jurisdiction }), presence: 'unknown' }]
}

function readLogin(result: RunResult): { account: string | undefined; finding: Finding } {
  if (result.code !== 0) {
    const why = whyNot(result)
    return { account: undefined, finding: unknown('login', why, why === NO_LOGIN ? LOGIN : INSTALL) }
  }
  const account = readAccount(result.stdout)
  return { account, finding: ok('login', account === '' ? 'wrangler is logged in' : account) }
}

const INSTALL =
  'see whether `npx wrangler whoami` answers; what the project needs is installed by `npm install`'

function readAccount(stdout: string): string {
  try {
    const { accounts = [] } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as {
      accounts?: { name: string }[]
    }
    return accounts.map(({ name }) => name).join(', ')
  } catch {
    return '' // an older wrangler prints it for people
  }
}

function readPlace(place: Place, result: RunResult): { place: Place; findings: Finding[] } {
  if (result.code === 0) return { place: { ...place, presence: 'there' }, findings: [] }
  if (isMissing(result)) return { place: { ...place, presence: 'missing' }, findings: [] }
  return { place, findings: [unasked(`${place.kind} ${place.name}`, result)] }
}

function readSecrets(result: RunResult): {
  names: ReadonlySet<string> | undefined
  worker: Presence
  findings: Finding[]
} {
  // A Worker that is still to be deployed has none.
  if (isMissing(result)) return { names: new Set(), worker: 'missing', findings: [] }
  const names = result.code === 0 ? readSecretNames(result.stdout) : undefined
  if (names !== undefined) return { names, worker: 'there', findings: [] }
  const finding =
    result.code === 0
      ? unknown('secrets', 'wrangler does not list them as it used to', 'use the wrangler of the release')
      : unasked('secrets', result)
  return { names: undefined, worker: 'unknown', findings: [finding] }
}

function readPlan(result: RunResult): typeof NO_PLAN {
  if (result.code === 0) return { text: result.stdout, findings: [] }
  return isMissing(result)
    ? NO_PLAN
    : { text: undefined, findings: [unasked('plan of the last deployment', result)] }
}

/** A login that may do one thing may be forbidden another. */
function unasked(check: string, result: RunResult): Finding {
  const why = whyNot(result)
  if (why === NO_LOGIN) return unknown(check, 'the login or token may not ask about it', RIGHTS)
  const mend = /more than one account/i.test(why)
    ? 'name one: account_id = "..." in wrangler.toml, or CLOUDFLARE_ACCOUNT_ID'
    : 'run it again; where it says the same, see https://www.cloudflarestatus.com'
  return unknown(check, why, mend)
}
