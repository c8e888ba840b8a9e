/** Checks what Cloudflare really has, by the wrangler of the project: registered consumers and secrets. */

import { dirname, resolve } from 'node:path'
import type { MillraceConfig } from '@millrace/schemas/config'
import { isMissing, LOGIN, NO_LOGIN, readSecretNames, whyNot } from '../wrangler/words.ts'
import { queueName } from './check-bindings.ts'
import type { DoctorEffects, RunResult } from './effects.ts'
import { type Finding, findingsOf } from './finding.ts'
import { REQUIRED_QUEUES } from './required-bindings.ts'
import { listNamedSecrets, WAREHOUSE_PASSWORD } from './secret-names.ts'
import type { WranglerConfig } from './wrangler-config.ts'

const { ok, problem, unknown } = findingsOf('Cloudflare')

/** What is asked about. */
export interface CloudflarePlace {
  wrangler: string
  environment: string | undefined
}

/** Everything, or why nothing could be asked. */
export async function checkCloudflare(
  bindings: WranglerConfig | undefined,
  config: MillraceConfig | undefined,
  { wrangler, environment }: CloudflarePlace,
  { runWrangler }: Pick<DoctorEffects, 'runWrangler'>,
): Promise<Finding[]> {
  if (bindings === undefined) return [unknown('consumers and secrets', `${wrangler} cannot be read`)]
  const file = resolve(wrangler)
  const options = ['--config', file, ...(environment === undefined ? [] : ['--env', environment])]
  const run = (args: readonly string[]) => runWrangler([...args, ...options], dirname(file))
  const deploy = `\`npx wrangler deploy${environment === undefined ? '' : ` --env ${environment}`}\``
  const secrets = await checkSecrets(await run(['secret', 'list', '--format', 'json']), config, environment)
  // Whoever is not logged in for one is not for the others either.
  if (secrets.some(({ check }) => check === NOT_ASKED)) return secrets
  const names = REQUIRED_QUEUES.map((queue) => queueName(bindings, queue))
  const queues = await Promise.all(
    names.map(async (name) =>
      checkConsumer(name, bindings.name ?? '', await run(['queues', 'info', name]), deploy),
    ),
  )
  return [...secrets, ...queues]
}

/** Title of the finding that says that nothing could be asked at all. */
const NOT_ASKED = 'consumers and secrets'

function checkSecrets(
  result: RunResult,
  config: MillraceConfig | undefined,
  environment: string | undefined,
): Finding[] {
  if (result.code !== 0) {
    const why = whyNot(result)
    const isAway = why === NO_LOGIN || result.code === undefined
    const mend = isAway ? LOGIN : 'deploy it first: `npx wrangler deploy`'
    return [unknown(isAway ? NOT_ASKED : 'secrets', why, mend)]
  }
  const there = readSecretNames(result.stdout)
  if (there === undefined) return [unknown('secrets', 'wrangler does not list them as it used to')]
  const named = config === undefined ? [] : listNamedSecrets(config)
  const wanted = [{ name: WAREHOUSE_PASSWORD, path: 'wrangler.toml' }, ...named]
  const missing = wanted.filter(({ name }) => !there.has(name))
  const more = environment === undefined ? '' : ` --env ${environment}`
  if (missing.length === 0) return [ok('secrets', wanted.map(({ name }) => name).join(', '))]
  return missing.map(({ name, path }) =>
    problem(
      `secret ${name}`,
      `is not set; ${path} names it`,
      `set it: \`npx wrangler secret put ${name}${more}\``,
    ),
  )
}

/** Reads what `wrangler queues info` prints for people, for it prints nothing else. Source: wrangler 4.155. */
function checkConsumer(name: string, worker: string, result: RunResult, deploy: string): Finding {
  const check = `consumer of ${name}`
  if (result.code !== 0) {
    const why = whyNot(result)
    if (isMissing(result))
      return problem(
        check,
        'there is no such queue',
        `make it, then deploy: \`npx wrangler queues create ${name}\`, ${deploy}`,
      )
    return unknown(check, why, LOGIN)
  }
  const count = /^Number of Consumers:\s*(\d+)/m.exec(result.stdout)?.[1]
  if (count === undefined) return unknown(check, 'wrangler does not print it as it used to')
  const consumers = /^Consumers:\s*(.*)$/m.exec(result.stdout)?.[1]?.split(',') ?? []
  const mend = `see that the entry exports queue and wrangler.toml names the consumer, then ${deploy}`
  if (count === '0')
    return problem(check, 'none is registered: messages wait, and are deleted when their time is over', mend)
  if (consumers.some((one) => one.trim() === `worker:${worker}`)) return ok(check, `the Worker ${worker}`)
  return problem(check, `it is not the Worker ${worker} but ${consumers.join(', ').trim()}`, mend)
}
