/** Sends one event of the doctor's own through the real pipeline, and waits for it in ClickHouse. */

import type { RunStatement } from '@millrace/schemas/migrations'
import { type AskCollector, describeAnswer } from './ask-collector.ts'
import type { KeyedSource } from './check-collector.ts'
import type { DoctorEffects } from './effects.ts'
import { type Finding, findingsOf } from './finding.ts'

const { ok, warning, problem, unknown } = findingsOf('pipeline')

/** Name of the event; it stays in the source, one each time. */
export const PROBE_EVENT = 'Doctor Probe'

/** How long it may take: a queue waits a second, an insert is soon; under a backlog it may take longer. */
const PATIENCE_MS = 30_000
const PAUSE_MS = 500

/** Where an event may end. */
export interface Place {
  found: 'events' | 'quarantine' | 'omitted'
  why: string
}

/** What became of an event; milliseconds since it was sent. */
export type ProbeOutcome =
  | { kind: 'refused'; why: string }
  /** Taken, and not in ClickHouse within the patience. */
  | { kind: 'absent'; answeredMs: number }
  | { kind: 'found'; place: Place; answeredMs: number; foundMs: number }

/** Sends an event to the first write key of the source, and waits for it in ClickHouse. */
export async function traceProbe(
  { name, writeKeys }: KeyedSource,
  ask: AskCollector,
  run: RunStatement,
  { now, sleep, randomHex }: Pick<DoctorEffects, 'now' | 'sleep' | 'randomHex'>,
  patienceMs = PATIENCE_MS,
): Promise<ProbeOutcome> {
  const messageId = `doctor-${randomHex()}`
  const sentAt = now()
  const event = { type: 'track', event: PROBE_EVENT, messageId, anonymousId: 'millrace-doctor' }
  const answer = await ask('/v1/batch', writeKeys[0], { method: 'POST', body: { batch: [event] } })
  if (answer.kind !== 'answered' || answer.status !== 200)
    return { kind: 'refused', why: describeAnswer(answer) }
  const answeredMs = now() - sentAt
  while (now() - sentAt < patienceMs) {
    const place = await find(run, name, messageId).catch(() => undefined) // ClickHouse may be away for a moment
    if (place !== undefined) return { kind: 'found', place, answeredMs, foundMs: now() - sentAt }
    await sleep(PAUSE_MS)
  }
  return { kind: 'absent', answeredMs }
}

/** The same as a finding. */
export async function sendProbe(
  source: KeyedSource,
  ask: AskCollector,
  run: RunStatement | undefined,
  effects: Pick<DoctorEffects, 'now' | 'sleep' | 'randomHex'>,
): Promise<Finding> {
  const check = `probe of ${source.name}`
  if (run === undefined) return unknown(check, 'ClickHouse cannot be asked whether it came')
  const outcome = await traceProbe(source, ask, run, effects)
  if (outcome.kind === 'found') return judge(check, outcome.place, outcome.foundMs)
  if (outcome.kind === 'refused')
    return problem(check, `it was not taken: ${outcome.why}`, 'mend what stands under "collector" first')
  const says = `it was taken, and is not in ClickHouse after ${PATIENCE_MS / 1_000} s; it is not lost`
  const mend =
    'see whether consumers are registered (`millrace doctor --remote`) and what they say (`npx wrangler tail`: `sink_failed`, `retry_failed`)'
  return problem(check, says, mend)
}

async function find(run: RunStatement, source: string, messageId: string): Promise<Place | undefined> {
  const where = `WHERE source = '${source}' AND message_id = '${messageId}'`
  const [place] = await run<Place>(
    `SELECT 'events' AS found, '' AS why FROM events ${where}
UNION ALL SELECT 'quarantine', toString(reason) FROM quarantine ${where}
UNION ALL SELECT 'omitted', toString(reason) FROM omitted ${where}
LIMIT 1`,
  )
  return place
}

function judge(check: string, { found, why }: Place, ms: number): Finding {
  const took = `${(ms / 1_000).toFixed(1)} s`
  if (found === 'events') return ok(check, `stored in ClickHouse after ${took}`)
  const verb = found === 'quarantine' ? 'refused' : 'left out'
  const says = `the pipeline works (${took}), but the event was ${verb}: ${why}`
  return warning(
    check,
    says,
    'that is what the plan or the rules of the source say of such an event; where they shall not, change them in millrace.config.ts',
  )
}
