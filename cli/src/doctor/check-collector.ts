/** Checks the collector from outside: that it is there, its clock, and that it takes the keys of the configuration. */

import type { MillraceConfig, SourceConfig } from '@millrace/schemas/config'
import { DEV_SOURCE, isLoopback } from '../command-world.ts'
import { type AskCollector, describeAnswer } from './ask-collector.ts'
import { judgeClock } from './clocks.ts'
import type { DoctorEffects } from './effects.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { KnownSecrets } from './secret-names.ts'

const maker = findingsOf('collector')
const { ok, warning, problem, unknown } = maker

/** A source as the checks want it: with the keys that are known on this machine. */
export interface KeyedSource {
  name: string
  writeKeys: readonly string[]
  /** Names of the variables, for what to do about it; absent where the configuration names none. */
  secretKeyVar?: string | undefined
  readTokenVar?: string | undefined
  secretKey?: string | undefined
  readToken?: string | undefined
}

/** What the development source has everywhere. Source: DESIGN, section 7. */
const DEVELOPMENT: KeyedSource = {
  name: DEV_SOURCE,
  writeKeys: ['dev'],
  secretKey: 'dev-secret',
  readToken: 'dev-read',
}

/** The sources with their keys. */
export function keySources({ sources }: MillraceConfig, known: KnownSecrets): KeyedSource[] {
  return sources.map(({ name, writeKeys, secretKeyVar, readTokenVar }: SourceConfig) => ({
    ...{ name, writeKeys, secretKeyVar, readTokenVar },
    secretKey: secretKeyVar === undefined ? undefined : known.get(secretKeyVar),
    readToken: readTokenVar === undefined ? undefined : known.get(readTokenVar),
  }))
}

/** What was found, and which sources the collector knows. */
export interface CollectorChecked {
  isThere: boolean
  /** Those of the configuration, and that of development where the collector has it. */
  sources: KeyedSource[]
  findings: Finding[]
}

/** Checks it. Stores nothing, and costs no queue message. */
export async function checkCollector(
  endpoint: string,
  sources: readonly KeyedSource[],
  ask: AskCollector,
  { now }: Pick<DoctorEffects, 'now'>,
): Promise<CollectorChecked> {
  const reached = await checkHealth(endpoint, ask, now)
  if (!reached.isThere) return { isThere: false, sources: [], findings: reached.findings }
  const development = await checkDevelopment(endpoint, ask)
  const known = [...sources, ...(development.isThere ? [DEVELOPMENT] : [])]
  const keys = await Promise.all(known.map((source) => checkKeys(source, ask)))
  return {
    isThere: true,
    sources: known,
    findings: [...reached.findings, ...development.findings, ...keys.flat()],
  }
}

async function checkHealth(
  endpoint: string,
  ask: AskCollector,
  now: () => number,
): Promise<{ isThere: boolean; findings: Finding[] }> {
  const askedAt = now()
  const answer = await ask('/health')
  const answeredAt = now()
  if (answer.kind !== 'answered' || answer.status !== 200 || answer.body['status'] !== 'ok') {
    const mend = isLoopback(endpoint)
      ? 'start it: `npm run dev`, in the repository also `npm start`; --url names another address'
      : 'see whether it is deployed and the address is right: `npx wrangler deployments list`, then `npx wrangler tail`'
    return { isThere: false, findings: [problem('address', describeAnswer(answer), mend)] }
  }
  const date = Date.parse(answer.headers.get('date') ?? '')
  const clock = Number.isNaN(date)
    ? unknown('clock of the collector', 'its answers have no Date header; workerd on one machine sends none')
    : judgeClock('the collector', { askedAt, answeredAt, at: date, resolutionMs: 1_000 }, maker)
  return {
    isThere: true,
    findings: [ok('address', `${endpoint} answers in ${Math.round(answeredAt - askedAt)} ms`), clock],
  }
}

/** The published keys must work on this machine alone. */
async function checkDevelopment(
  endpoint: string,
  ask: AskCollector,
): Promise<{ isThere: boolean; findings: Finding[] }> {
  const [key = ''] = DEVELOPMENT.writeKeys
  const answer = await askWhoseKey(key, ask)
  const isThere = answer.kind === 'answered' && answer.status === 200
  if (!isThere || isLoopback(endpoint)) return { isThere, findings: [] }
  const says = 'takes the published keys of the source dev, so anybody can write and read there'
  const mend = 'set MILLRACE_ENV = "production" under [vars] of wrangler.toml, then `npx wrangler deploy`'
  return { isThere: false, findings: [problem('development keys', says, mend)] }
}

function checkKeys(source: KeyedSource, ask: AskCollector): Promise<Finding[]> {
  return Promise.all([checkWriteKeys(source, ask), checkSecretKey(source, ask), checkReadToken(source, ask)])
}

/**
 * RudderStack's SDKs boot from this route: it tells the source of a write key, stores nothing, is not counted by the rate
 * limits and not noted in the books.
 */
function askWhoseKey(writeKey: string, ask: AskCollector) {
  return ask('/sourceConfig', writeKey)
}

async function checkWriteKeys({ name, writeKeys }: KeyedSource, ask: AskCollector): Promise<Finding> {
  const check = `write keys of ${name}`
  for (const [index, key] of writeKeys.entries()) {
    const answer = await askWhoseKey(key, ask)
    if (answer.kind !== 'answered') return unknown(check, describeAnswer(answer))
    const owner = (answer.body['source'] as { name?: unknown } | undefined)?.name
    if (answer.status === 200 && owner === name) continue
    const mend = 'deploy this configuration: `npx wrangler deploy`, locally start again: `npm run dev`'
    if (answer.status === 200)
      return problem(check, `writeKeys[${index}] is of the source ${String(owner)} there`, mend)
    if (answer.status === 404 && answer.body['code'] === 'unknown_write_key')
      return problem(
        check,
        `the collector does not know writeKeys[${index}], so events with it are refused`,
        mend,
      )
    return unknown(check, describeAnswer(answer))
  }
  const all = writeKeys.length === 1 ? 'the key is' : `all ${writeKeys.length} are`
  return ok(check, `${all} taken`)
}

async function checkSecretKey(source: KeyedSource, ask: AskCollector): Promise<Finding> {
  const { name, secretKey, secretKeyVar } = source
  const path = `/v1/spill?${new URLSearchParams({ source: name, after: 'spill/~' })}`
  return checkSecret(source, {
    check: `secret key of ${name}`,
    value: secretKey,
    variable: secretKeyVar,
    setting: 'secretKeyVar',
    unset: 'none is configured, so it has no imports and no commands of operators',
    ask: (key) => ask(path, key),
  })
}

async function checkReadToken(source: KeyedSource, ask: AskCollector): Promise<Finding> {
  const { name, readToken, readTokenVar } = source
  const path = `/v1/live/windows?${new URLSearchParams({ source: name })}`
  return checkSecret(source, {
    check: `read token of ${name}`,
    value: readToken,
    variable: readTokenVar,
    setting: 'readTokenVar',
    unset: 'none is configured, so nobody can ask questions or watch live',
    ask: (token) => ask(path, token),
  })
}

interface SecretCheck {
  check: string
  value: string | undefined
  variable: string | undefined
  setting: string
  unset: string
  ask: (secret: string) => ReturnType<AskCollector>
}

async function checkSecret(
  { name }: KeyedSource,
  { check, value, variable, setting, unset, ask }: SecretCheck,
): Promise<Finding> {
  if (value === undefined && variable === undefined) {
    return warning(
      check,
      unset,
      `name a variable in ${setting} of the source ${name} in millrace.config.ts, and set it with \`npx wrangler secret put\``,
    )
  }
  if (value === undefined)
    return unknown(
      check,
      `${variable} is not set here`,
      `set it for this command: \`${variable}=... millrace doctor\``,
    )
  const answer = await ask(value)
  if (answer.kind !== 'answered') return unknown(check, describeAnswer(answer))
  if (answer.status === 200) return ok(check, 'is taken')
  if (answer.status !== 401 && answer.status !== 403) return unknown(check, describeAnswer(answer))
  const what = variable ?? 'the value'
  return problem(
    check,
    `the collector refuses ${what} as it is set here: ${describeAnswer(answer)}`,
    variable === undefined
      ? 'start the stack again: `npm run dev`'
      : `give the Worker the same: \`npx wrangler secret put ${variable}\`, or correct it here`,
  )
}
