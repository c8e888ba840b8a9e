/** Sends the Worker with its secrets, by `wrangler deploy`. */

import { hideValues } from '../doctor/finding.ts'
import { printable } from '../printable.ts'
import type { RunResult } from '../wrangler/run.ts'
import { NO_LOGIN, whyNot } from '../wrangler/words.ts'
import { listAddresses } from './addresses.ts'
import { secretsToSend } from './collect-secrets.ts'
import { runIn } from './effects.ts'
import { listHidden } from './hidden.ts'
import { OUTPUT_FILE_VAR, readDeployRecord } from './output-file.ts'
import { type Step, StepFailure } from './step.ts'

/** Files go up one by one over what may be a slow line. */
const TIMEOUT_MS = 600_000

/** Sends it. Values of secrets are in a file that only this user may read, and that is gone afterwards. */
export const sendWorker: Step = async (context) => {
  const { prepared, options, effects, state, say } = context
  const secrets = secretsToSend(context)
  const hidden = listHidden(prepared, state)
  return effects.withFolder(async (folder) => {
    // As JSON: in a file of KEY=value wrangler would expand what looks like a variable.
    const file =
      Object.keys(secrets).length === 0
        ? undefined
        : await folder.write('secrets.json', JSON.stringify(secrets))
    const record = 'deploy.ndjson'
    state.isSent = true
    const result = await runIn(options, effects)(prepared.commands.deploy(file), {
      env: { [OUTPUT_FILE_VAR]: folder.place(record) },
      timeoutMs: TIMEOUT_MS,
      onLine: (line) => say(`| ${hideValues(line, hidden)}`.trimEnd()),
    })
    options.signal.throwIfAborted()
    if (result.code !== 0) throw failureOf(result, hidden)
    const deployed = readDeployRecord(await folder.read(record))
    state.versionId = deployed?.versionId
    state.addresses =
      options.url === undefined ? listAddresses(deployed?.targets ?? [], prepared.bindings) : [options.url]
    return `ok${state.versionId === undefined ? '' : `, version ${state.versionId}`}`
  })
}

function failureOf(result: RunResult, values: readonly string[]): StepFailure {
  const text = `${result.stderr}\n${result.stdout}`
  const why = printable(hideValues(whyNot(result), values))
  return new StepFailure(`wrangler deploy failed: ${why}`, mendOf(text, why))
}

function mendOf(text: string, why: string): string {
  if (/partially updated/.test(text))
    return 'the Worker itself is deployed; mend what it says of the triggers, then run it again'
  if (/workers\.dev subdomain/i.test(text))
    return 'register the name of your account under workers.dev, once: https://dash.cloudflare.com/?to=/:account/workers/onboarding'
  if (/service binding 'SELF'|binding SELF/.test(text))
    return 'take SELF out of wrangler.toml, deploy, put it back and deploy again: the Worker has to be there first'
  if (why === NO_LOGIN)
    return 'give the token Workers Scripts with Edit, at https://dash.cloudflare.com/profile/api-tokens'
  if (/limit|quota|too large/i.test(text))
    return 'see the limits of your plan: https://developers.cloudflare.com/workers/platform/limits/'
  return 'see what wrangler says above. The Worker of before goes on; tables and queues that were made stay, and the next run goes on'
}
