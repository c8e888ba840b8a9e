/** Sends one event of the doctor's own through the real pipeline, and waits for it in ClickHouse. */

import type { RunStatement } from '@millrace/schemas/migrations'
import { type AskCollector, describeAnswer } from './ask-collector.ts'
import type { KeyedSource } from './check-collector.ts'
import type { DoctorEffects } from './effects.ts'
import { type Finding, findingsOf } from './finding.ts'

const { ok, warning, problem, unknown } = findingsOf('pipeline')

/** Name of the event; it stays in the source, one each time. */
export const PROBE_EVENT = 'Doctor Probe'

/** A queue waits a second, an insert is soon; under a backlog it may take longer. */
const PATIENCE_MS = 30_000
const PAUSE_MS = 500

/** Where an event may end. */
interface Place {
  found: 'events' | 'quarantine' | 'omitted'
  why: string
}

/** Sends it to the first write key of the source. */
export async function sendProbe(
  source: KeyedSource,
  ask: AskCollector,
  run: RunStatement | undefined,
  { now, sleep, randomHex }: Pick<DoctorEffects, 'now' | 'sleep' | 'randomHex'>,
): Promise<Finding> {
  const { name, writeKeys } = source
  const check = `probe of ${name}`
  if (run === undefined) return unknown(check, 'ClickHouse cannot be asked whether it came')
  const messageId = `doctor-${randomHex()}`
  const sentAt = now()
  const event = { type: 'track', event: PROBE_EVENT, messageId, anonymousId: 'millrace-doctor' }
  const answer = await ask('/v1/batch', writeKeys[0], { method: 'POST', body: { batch: [event] } })
  if (answer.kind !== 'answered' || answer.status !== 200)
    return problem(
      check,
      `it was not taken: ${describeAnswer(answer)}`,
      'mend what stands under "collector" first',
    )
  while (now() - sentAt < PATIENCE_MS) {
    const place = await find(run, name, messageId).catch(() => undefined) // ClickHouse may be away for a moment
    if (place !== undefined) return judge(check, place, now() - sentAt)
    await sleep(PAUSE_MS)
  }
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
