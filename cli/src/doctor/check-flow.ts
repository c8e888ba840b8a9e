/** Checks what the collector tells of the way behind it: the cron, the stages, the spill, dead letters, monitors. */

import type { LiveHealth, MonitorStatus } from '@millrace/schemas/live'
import { formatAge } from '../spill/report.ts'
import { type AskCollector, describeAnswer } from './ask-collector.ts'
import type { KeyedSource } from './check-collector.ts'
import { type Finding, findingsOf } from './finding.ts'
import { plural } from './report.ts'

const { ok, warning, problem, unknown } = findingsOf('pipeline')

/** The cron runs each minute; two may fail. */
const CRON_LATE_MS = 180_000
const CRON_DEAD_MS = 900_000

/** How far a stage may be behind; the lake is published in rounds. */
const STAGE_LATE_MS: Record<string, number> = { live: 60_000, lake: 3_600_000 }
const OTHER_LATE_MS = 300_000

/** The cron drains the spill each minute. */
const SPILL_LATE_MS = 300_000

/** How to ask commands about a source: `--source shop --endpoint https://…`. */
export interface FlowPlace {
  endpoint: string
  now: number
}

/** Everything of all sources whose keys are known. */
export async function checkFlow(
  sources: readonly KeyedSource[],
  ask: AskCollector,
  place: FlowPlace,
): Promise<Finding[]> {
  const [spill, ...rest] = await Promise.all([
    checkSpill(sources, ask, place),
    ...sources.map((source) => checkDead(source, ask, place)),
    ...sources.map((source) => checkLive(source, ask, place)),
  ])
  return [...(spill ?? []), ...rest.flat()]
}

/** It is of all sources, so any secret key will do. */
async function checkSpill(
  sources: readonly KeyedSource[],
  ask: AskCollector,
  { endpoint, now }: FlowPlace,
): Promise<Finding[]> {
  const source = sources.find(({ secretKey }) => secretKey !== undefined)
  if (source?.secretKey === undefined)
    return [
      unknown(
        'spill',
        'no secret key of any source is set here',
        'set one: `SHOP_SECRET_KEY=... millrace doctor`, by the name that the configuration has',
      ),
    ]
  const answer = await ask(`/v1/spill?${new URLSearchParams({ source: source.name })}`, source.secretKey)
  if (answer.kind !== 'answered' || answer.status !== 200) return [unknown('spill', describeAnswer(answer))]
  const { objects, oldestAt, next } = answer.body
  const count = Number(objects)
  if (count === 0) return [ok('spill', 'empty: the queue takes everything')]
  const ageMs = now - Date.parse(String(oldestAt))
  const says = `${plural(count, 'object')}${next === undefined ? '' : ' or more'} that the queue did not take, the oldest ${formatAge(ageMs)} old; nothing of it is lost`
  const command = `\`npx millrace spill drain --source ${source.name} --endpoint ${endpoint}\``
  if (ageMs < SPILL_LATE_MS) return [ok('spill', `${says}, the cron sends it on`)]
  return [
    warning(
      'spill',
      says,
      `the cron ought to have sent it on: see whether it runs, then ${command}, which says why it fails`,
    ),
  ]
}

async function checkDead(
  { name, secretKey }: KeyedSource,
  ask: AskCollector,
  { endpoint }: FlowPlace,
): Promise<Finding[]> {
  if (secretKey === undefined) return []
  const check = `dead letters of ${name}`
  const answer = await ask(`/v1/dead?${new URLSearchParams({ source: name })}`, secretKey)
  if (answer.kind !== 'answered' || answer.status !== 200) return [unknown(check, describeAnswer(answer))]
  const letters = answer.body['letters']
  const count = Array.isArray(letters) ? letters.length : 0
  if (count === 0) return [ok(check, 'none')]
  const more = answer.body['next'] === undefined ? '' : ' or more'
  const says = `${count === 1 ? '1 batch' : `${count} batches`}${more} that nothing would take, kept whole in the bucket`
  const list = `\`npx millrace dead list --source ${name} --endpoint ${endpoint}\``
  return [
    warning(
      check,
      says,
      `see why: ${list}; mend that, then \`npx millrace dead replay --all --source ${name} --endpoint ${endpoint}\``,
    ),
  ]
}

async function checkLive(
  { name, readToken }: KeyedSource,
  ask: AskCollector,
  { now }: FlowPlace,
): Promise<Finding[]> {
  if (readToken === undefined) return [unknown(`stages of ${name}`, 'its read token is not set here')]
  const answer = await ask(`/v1/live/windows?${new URLSearchParams({ source: name })}`, readToken)
  if (answer.kind !== 'answered' || answer.status !== 200)
    return [unknown(`stages of ${name}`, describeAnswer(answer))]
  const { health, monitors } = answer.body as { health?: LiveHealth; monitors?: MonitorStatus[] }
  if (health === undefined) return [unknown(`stages of ${name}`, 'the collector tells nothing of them')]
  return [checkCron(name, health, now), checkStages(name, health), ...checkMonitors(name, monitors ?? [])]
}

/** What the cron finds out it tells the live object, with the time. */
function checkCron(name: string, { stages }: LiveHealth, now: number): Finding {
  const check = `cron (${name})`
  const told = stages.filter(({ stage }) => stage === 'warehouse' || stage === 'computed')
  const mend =
    'see whether it is triggered: `npx wrangler tail` shows the line `pulse` every minute; crons stand in wrangler.toml. On one machine only `npm start` triggers it'
  if (told.length === 0) {
    // An object that was put out of memory forgets it until the next minute.
    const why = 'the live object has not heard of it since it was loaded'
    return unknown(check, why, 'ask again in a minute; when the cron ran last, "ledger" says too')
  }
  const ageMs = now - Math.max(...told.map(({ at }) => at))
  const says = `ran ${formatAge(ageMs)} ago`
  if (ageMs <= CRON_LATE_MS) return ok(check, says)
  const effect = `${says}: nothing is computed, published or driven back since`
  return ageMs <= CRON_DEAD_MS ? warning(check, effect, mend) : problem(check, effect, mend)
}

function checkStages(name: string, health: LiveHealth): Finding {
  const { stages } = health
  const check = `stages of ${name}`
  const late = stages.filter(({ stage, lagMs }) => (lagMs ?? 0) > (STAGE_LATE_MS[stage] ?? OTHER_LATE_MS))
  if (late.length > 0) {
    const says = late.map(({ stage, lagMs }) => `${stage} is ${formatAge(lagMs ?? 0)} behind`).join(', ')
    return warning(
      check,
      `${says} what was received`,
      'docs/runbook.md, "Stages", says what to do about each',
    )
  }
  // Nothing was ever received: nothing can be behind.
  if (health.receivedAt === null) return ok(check, 'nothing was received yet')
  const silent = stages.filter(({ lagMs }) => lagMs === null).map(({ stage }) => stage)
  if (silent.length === 0) return ok(check, `${stages.map(({ stage }) => stage).join(', ')} are up to date`)
  return unknown(check, `it is not known how far ${silent.join(', ')} ${silent.length === 1 ? 'is' : 'are'}`)
}

function checkMonitors(name: string, monitors: readonly MonitorStatus[]): Finding[] {
  if (monitors.length === 0) return []
  const check = `monitors of ${name}`
  const firing = monitors.filter(({ state }) => state === 'firing')
  if (firing.length === 0) return [ok(check, `none of ${monitors.length} fires`)]
  return firing.map(({ name: monitor, message }) =>
    warning(
      check,
      `${monitor} fires: ${message}`,
      'docs/runbook.md, "Monitors", says what to do about each kind',
    ),
  )
}
