/** Proves a deployment: one event through the front door, till it is in ClickHouse. */

import { type AskCollector, createAskCollector } from '../doctor/ask-collector.ts'
import { checkCloudflare } from '../doctor/check-cloudflare.ts'
import { type KeyedSource, keySources } from '../doctor/check-collector.ts'
import { type ProbeOutcome, traceProbe } from '../doctor/probe.ts'
import { runIn } from './effects.ts'
import { formatDuration } from './progress.ts'
import { type Step, type StepContext, StepFailure } from './step.ts'

/** A consumer that was registered a moment ago may begin late. */
const PATIENCE_MS = 60_000

/** For some seconds the Worker of before may answer, which does not know a new key. */
const TRIES = 4
const PAUSE_MS = 3_000

/** Proves it for the first source. */
export const prove: Step = async (context) => {
  const { prepared, options, effects, state } = context
  if (options.skipsProof) return 'skipped (--no-proof)'
  const [source] = keySources(prepared.config, prepared.values)
  if (source === undefined) return 'skipped: there is no source to send to, so every event is refused'
  const address = state.door
  if (address === undefined) return 'skipped: the front door does not answer'
  await prepared.warehouse.run('SELECT 1').catch((error: Error) => {
    options.signal.throwIfAborted()
    throw late(`ClickHouse cannot be asked whether an event came: ${error.message}`, 'see --clickhouse-url')
  })
  const outcome = await send(source, createAskCollector(address, effects, options.signal), context)
  options.signal.throwIfAborted()
  return judge(outcome, source, context)
}

async function send(source: KeyedSource, ask: AskCollector, context: StepContext): Promise<ProbeOutcome> {
  const { prepared, effects, options } = context
  // Without it an interruption would be heard only when the patience is over.
  const sleep = async (ms: number) => {
    await effects.sleep(ms)
    options.signal.throwIfAborted()
  }
  const patient = { ...effects, sleep }
  for (let tried = 1; ; tried++) {
    const outcome = await traceProbe(source, ask, prepared.warehouse.run, patient, PATIENCE_MS)
    options.signal.throwIfAborted()
    if (outcome.kind !== 'refused' || tried === TRIES) return outcome
    await sleep(PAUSE_MS)
  }
}

async function judge(outcome: ProbeOutcome, { name }: KeyedSource, context: StepContext): Promise<string> {
  if (outcome.kind === 'refused') {
    const mend = `see what the Worker says: \`npx wrangler tail\`, then \`npx millrace doctor --url ${context.state.door}\``
    throw late(`the front door did not take the event of ${name}: ${outcome.why}`, mend)
  }
  const taken = `taken after ${formatDuration(outcome.answeredMs)}`
  if (outcome.kind === 'absent') {
    for (const line of await findCause(context)) context.say(line)
    const says = `the event of ${name} was ${taken}, and is not in ClickHouse after ${PATIENCE_MS / 1_000} s; it is not lost`
    throw late(
      says,
      'see the stage after the front door: the consumers (`npx wrangler tail`: `sink_failed`, `retry_failed`), and whether the Worker reaches ClickHouse with its own CLICKHOUSE_URL, user and password',
    )
  }
  const { place, foundMs } = outcome
  const stored = `in ClickHouse after ${formatDuration(foundMs)}`
  if (place.found === 'events') return `ok, one event of ${name}: ${taken}, ${stored}`
  const verb = place.found === 'quarantine' ? 'refused' : 'left out'
  return `ok, one event of ${name}: ${taken}, ${stored}; there the rules of the source ${verb} it: ${place.why}`
}

/** What Cloudflare says of consumers and secrets. */
async function findCause({ prepared, options, effects }: StepContext): Promise<string[]> {
  const run = runIn(options, effects)
  const findings = await checkCloudflare(prepared.bindings, prepared.config, options, {
    runWrangler: (args) => run(args),
  })
  return findings
    .filter(({ state }) => state === 'problem')
    .map(({ check, says, mend = '' }) => `${check}: ${says} -> ${mend}`)
}

function late(message: string, mend: string): StepFailure {
  return new StepFailure(message, mend, { isLate: true })
}
