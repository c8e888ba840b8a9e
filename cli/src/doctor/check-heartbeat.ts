/** Checks the heartbeat: whether beats are sent, and at which stage they are late. */

import { HEARTBEAT_STAGES, type HeartbeatStage } from '@millrace/schemas'
import type { MillraceConfig } from '@millrace/schemas/config'
import type { RunStatement } from '@millrace/schemas/migrations'
import { formatAge } from '../spill/report.ts'
import { type Finding, findingsOf } from './finding.ts'
import { plural } from './report.ts'
import type { WranglerConfig } from './wrangler-config.ts'

const { ok, warning, problem } = findingsOf('pipeline')

/** A beat is sent each minute; after that long without one the cron stands, or its door is closed. */
const BEAT_LATE_MS = 300_000

/**
 * Whether beats are sent. `none`: the configuration says so. `off`: the variable does. `asked`: in development only when
 * `npm start` was told to, which cannot be seen from here.
 */
export type HeartbeatWish = 'none' | 'off' | 'on' | 'asked'

/** What the Worker goes by, as far as it is known here. */
export function wishHeartbeat(
  config: MillraceConfig | undefined,
  bindings: WranglerConfig | undefined,
  env: Readonly<Record<string, string | undefined>>,
  isLocal: boolean,
): HeartbeatWish {
  if (config?.heartbeat === false) return 'none'
  // `npm start` takes it from the environment, and is in development whatever wrangler.toml says.
  const variables: Readonly<Record<string, unknown>> = isLocal ? env : (bindings?.vars ?? {})
  const said = variables['MILLRACE_HEARTBEAT'] || undefined
  if (said === undefined) return isLocal || variables['MILLRACE_ENV'] === 'development' ? 'asked' : 'on'
  return said === 'off' ? 'off' : 'on'
}

/** A stage where a beat is not yet counts as missed if it was looked for after its time. */
const MISSED = HEARTBEAT_STAGES.map(
  (stage) =>
    `countIf(ifNull(toInt64(h.${stage}_ms), dateDiff('millisecond', h.sent_at, h.updated_at)) > h.${stage}_objective_ms) AS ${stage}`,
)

const BEATS = `SELECT count() AS beats, countIf(h.state = 'lost') AS lost, countIf(h.state = 'late') AS late,
  toUnixTimestamp64Milli(max(h.sent_at)) AS sent_ms, ${MISSED.join(', ')}
FROM heartbeats AS h FINAL WHERE h.sent_at >= now64(3) - INTERVAL 1 HOUR`

/** What to look at when a stage is the earliest that is late. */
const MENDS: Record<HeartbeatStage, string> = {
  answered: 'the front door: name, certificate and route, or `heartbeat.url`',
  live: 'the consumers: `npx millrace doctor --remote`, and the backlog of the queue',
  warehouse: 'what stands under "ClickHouse" above',
  lake: 'the lines `publish_failed` and `job_failed` with the job `lake`: `npx wrangler tail`',
}

/** Checks beats of the last hour. */
export async function checkHeartbeat(
  run: RunStatement,
  wish: HeartbeatWish,
  now: number,
): Promise<Finding[]> {
  if (wish === 'off') return [ok('heartbeat', 'switched off by MILLRACE_HEARTBEAT')]
  const [row] = await run<Record<string, string>>(BEATS)
  const read = (name: string) => Number(row?.[name] ?? 0)
  const isRecent = read('beats') > 0 && now - read('sent_ms') <= BEAT_LATE_MS
  if (!isRecent && wish === 'asked') {
    return [ok('heartbeat', 'off in development; `MILLRACE_HEARTBEAT=on npm start` sends one')]
  }
  return [judgeBeats(read, now)]
}

function judgeBeats(read: (name: string) => number, now: number): Finding {
  const [beats, lost, late, sentAt] = [read('beats'), read('lost'), read('late'), read('sent_ms')]
  const cron = 'see whether the cron runs: `npx wrangler tail`, then docs/runbook.md, "Heartbeat"'
  if (beats === 0) return warning('heartbeat', 'none was sent in the last hour', cron)
  if (now - sentAt > BEAT_LATE_MS)
    return warning('heartbeat', `the last one was sent ${formatAge(now - sentAt)} ago`, cron)
  if (lost + late === 0) return ok('heartbeat', `${plural(beats, 'beat')} of the last hour, none late`)
  const missed = HEARTBEAT_STAGES.filter((stage) => read(stage) > 0)
  const [first = 'answered'] = missed
  const where = missed.map((stage) => `${stage} ${read(stage)}`).join(', ')
  const mend = `see the stage ${first} first: ${MENDS[first]}; then docs/runbook.md, "Heartbeat"`
  if (lost > 0)
    return problem(
      'heartbeat',
      `${lost} of ${beats} of the last hour did not get through (missed: ${where})`,
      mend,
    )
  return warning(
    'heartbeat',
    `${late} of ${beats} of the last hour took longer than their objective (${where})`,
    mend,
  )
}
