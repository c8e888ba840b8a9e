/** Checks what `wrangler.toml` binds against what the code needs. Pure. */

import { type Finding, findingsOf } from './finding.ts'
import {
  RATE_LIMITS,
  REQUIRED_ASSETS,
  REQUIRED_BUCKET,
  REQUIRED_CPU_MS,
  REQUIRED_CRON,
  REQUIRED_OBJECT,
  REQUIRED_QUEUES,
  REQUIRED_VARS,
  type RequiredQueue,
} from './required-bindings.ts'
import type { WranglerConfig } from './wrangler-config.ts'

const make = findingsOf('wrangler.toml')

/** Where a binding has to be written: outside of all environments, or in one, because bindings are not inherited. */
export interface BindingPlace {
  /** File as the user named it. */
  file: string
  /** Name of the `[env.*]`; `undefined` for what stands outside of all. */
  environment: string | undefined
}

/** Everything, one finding a subject. */
export function checkBindings(config: WranglerConfig, place: BindingPlace): Finding[] {
  return [
    ...REQUIRED_QUEUES.map((queue) => checkQueue(config, queue, place)),
    checkBucket(config, place),
    checkObject(config, place),
    checkCron(config, place),
    checkAssets(config, place),
    checkRateLimits(config, place),
    ...checkVars(config, place),
    ...checkLimits(config, place),
  ]
}

/** The name of the queue that a binding sends to, or what it would be called. */
export function queueName({ queues }: WranglerConfig, { binding, role }: RequiredQueue): string {
  return queues?.producers?.find((producer) => producer.binding === binding)?.queue ?? `millrace-${role}`
}

/** `queue events`, or `queue events (env staging)`. */
function title(subject: string, { environment }: BindingPlace): string {
  return environment === undefined ? subject : `${subject} (env ${environment})`
}

/** `[[queues.producers]]`, or `[[env.staging.queues.producers]]`. */
function table(name: string, { environment }: BindingPlace, isList = true): string {
  const path = environment === undefined ? name : `env.${environment}.${name}`
  return isList ? `[[${path}]]` : `[${path}]`
}

/** How to write something into the file and bring it about. */
function write(text: string, { file, environment }: BindingPlace): string {
  return `write ${text} into ${file}, then \`npx wrangler deploy${environment === undefined ? '' : ` --env ${environment}`}\``
}

function checkQueue(config: WranglerConfig, queue: RequiredQueue, place: BindingPlace): Finding {
  const { producers = [], consumers = [] } = config.queues ?? {}
  const { binding, role, deadLetterRole, minRetries, whenFewer } = queue
  const check = title(`queue ${role}`, place)
  const name = queueName(config, queue)
  const producer = producers.find((one) => one.binding === binding)
  if (producer === undefined) {
    const mend = write(
      `${table('queues.producers', place)} with queue = "${name}" and binding = "${binding}"`,
      place,
    )
    return make.problem(check, `there is no producer ${binding}, so the Worker cannot send to it`, mend)
  }
  if (roleOf(name) !== role) {
    const says = `${binding} sends to ${name}, and by the end of that name the Worker takes it for another`
    return make.problem(check, says, write(`a queue whose name ends in -${role}`, place))
  }
  const consumer = consumers.find((one) => one.queue === name)
  if (consumer === undefined) {
    const says = `nothing consumes ${name}: what is sent to it is deleted when its time is over`
    const mend = write(
      `${table('queues.consumers', place)} with queue = "${name}"${behind(deadLetterRole, config)}`,
      place,
    )
    return make.problem(check, says, mend)
  }
  const wanted = deadLetterRole === undefined ? undefined : nameOfRole(config, deadLetterRole)
  if (wanted !== undefined && consumer.dead_letter_queue !== wanted) {
    const now = consumer.dead_letter_queue
    const says = `what is out of tries ${now === undefined ? 'is deleted: there is no dead_letter_queue' : `goes to ${now}, which is not the queue of DEAD_QUEUE`}`
    return make.problem(check, says, write(`dead_letter_queue = "${wanted}" beside queue = "${name}"`, place))
  }
  // Wrangler's default.
  const { max_retries: retries = 3 } = consumer
  if (retries < minRetries) {
    const says = `max_retries is ${retries}, under ${minRetries}: ${whenFewer}`
    return make.problem(check, says, write(`max_retries = 100 beside queue = "${name}"`, place))
  }
  return make.ok(check, `${name}, ${retries} retries${wanted === undefined ? '' : `, then ${wanted}`}`)
}

function behind(role: string | undefined, config: WranglerConfig): string {
  const dead = role === undefined ? '' : `, dead_letter_queue = "${nameOfRole(config, role)}"`
  return ` and max_retries = 100${dead}`
}

function nameOfRole(config: WranglerConfig, role: string): string {
  const queue = REQUIRED_QUEUES.find((one) => one.role === role)
  return queue === undefined ? role : queueName(config, queue)
}

/** As the Worker finds it. */
function roleOf(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1)
}

function checkBucket({ r2_buckets: buckets = [] }: WranglerConfig, place: BindingPlace): Finding {
  const check = title('bucket', place)
  const found = buckets.find(({ binding }) => binding === REQUIRED_BUCKET)
  if (found !== undefined) return make.ok(check, `${REQUIRED_BUCKET} is ${found.bucket_name ?? 'there'}`)
  const text = `${table('r2_buckets', place)} with binding = "${REQUIRED_BUCKET}" and bucket_name = "millrace-lake"`
  return make.problem(
    check,
    `there is no ${REQUIRED_BUCKET}: no lake, no spill, no dead letters`,
    write(text, place),
  )
}

function checkObject(
  { durable_objects: objects, migrations = [] }: WranglerConfig,
  place: BindingPlace,
): Finding {
  const { binding, className } = REQUIRED_OBJECT
  const check = title('live object', place)
  const found = objects?.bindings.find(({ name }) => name === binding)
  if (found?.class_name !== className) {
    const text = `${table('durable_objects.bindings', place)} with name = "${binding}" and class_name = "${className}"`
    return make.problem(check, `${binding} is not bound to ${className}: nothing is live`, write(text, place))
  }
  const isMigrated = migrations.some(({ new_sqlite_classes: classes = [] }) => classes.includes(className))
  if (isMigrated) return make.ok(check, `${binding} is ${className}, with SQLite`)
  const text = `${table('migrations', place)} with tag = "v1" and new_sqlite_classes = ["${className}"]`
  return make.problem(
    check,
    `no migration makes ${className} with SQLite, so it cannot be deployed`,
    write(text, place),
  )
}

function checkCron({ triggers }: WranglerConfig, place: BindingPlace): Finding {
  const check = title('cron', place)
  const crons = triggers?.crons ?? []
  const mend = write(`crons = ["${REQUIRED_CRON}"] under ${table('triggers', place, false)}`, place)
  if (crons.includes(REQUIRED_CRON)) return make.ok(check, 'every minute')
  if (crons.length === 0)
    return make.problem(check, 'there is none: nothing is computed, published or driven back', mend)
  return make.warning(check, `${crons.join(', ')} is not every minute, so all that it does is late`, mend)
}

function checkAssets({ assets }: WranglerConfig, place: BindingPlace): Finding {
  const check = title('assets', place)
  if (assets?.binding === REQUIRED_ASSETS && assets.directory !== undefined)
    return make.ok(check, `${REQUIRED_ASSETS} is ${assets.directory}`)
  const text = `directory = "dist/assets" and binding = "${REQUIRED_ASSETS}" under ${table('assets', place, false)}`
  return make.problem(check, 'the dashboard and the script tag are not served', write(text, place))
}

function checkRateLimits({ ratelimits = [] }: WranglerConfig, place: BindingPlace): Finding {
  const check = title('rate limits', place)
  const missing = RATE_LIMITS.filter((name) => !ratelimits.some((limit) => limit.name === name))
  if (missing.length === 0) return make.ok(check, RATE_LIMITS.join(', '))
  const text = `${table('ratelimits', place)} of ${missing.join(', ')}, as in the wrangler.toml of the release`
  return make.warning(check, `${missing.join(', ')} missing, so that is not limited`, write(text, place))
}

function checkVars({ vars = {} }: WranglerConfig, place: BindingPlace): Finding[] {
  const check = title('variables', place)
  const under = table('vars', place, false)
  const missing = REQUIRED_VARS.filter((name) => typeof vars[name] !== 'string' || vars[name] === '')
  if (missing.length > 0) {
    const says = `${missing.join(', ')} not set, so the Worker does not find ClickHouse`
    return [
      make.problem(
        check,
        says,
        write(`${missing.map((name) => `${name} = "..."`).join(', ')} under ${under}`, place),
      ),
    ]
  }
  const findings: Finding[] = []
  const address = String(vars['CLICKHOUSE_URL'])
  if (hasPassword(address)) {
    const says = 'CLICKHOUSE_URL has a password in it, which everybody who has the file can read'
    const mend = `change that password, take it out, and \`npx wrangler secret put CLICKHOUSE_PASSWORD\``
    findings.push(make.problem(check, says, mend))
  }
  if (vars['MILLRACE_ENV'] === 'development') {
    const says =
      'MILLRACE_ENV is "development": the published keys of the source dev would work when deployed'
    findings.push(make.problem(check, says, write(`MILLRACE_ENV = "production" under ${under}`, place)))
  }
  if (isOfThisMachine(address)) {
    const says = `CLICKHOUSE_URL is on ${new URL(address).host}, which a deployed Worker cannot reach`
    const mend = `before you deploy, ${write(`the address of your ClickHouse as CLICKHOUSE_URL under ${under}`, place)}`
    findings.push(make.warning(check, says, mend))
  }
  return findings.length > 0 ? findings : [make.ok(check, REQUIRED_VARS.join(', '))]
}

function hasPassword(address: string): boolean {
  return URL.canParse(address) && new URL(address).username + new URL(address).password !== ''
}

function isOfThisMachine(address: string): boolean {
  if (!URL.canParse(address)) return false
  return /^(localhost|\[::1\]|0\.0\.0\.0|127(\.\d+){3})$/.test(new URL(address).hostname)
}

/** What the platform does when nothing is said is too little, but nothing breaks at once. */
function checkLimits({ limits, observability }: WranglerConfig, place: BindingPlace): Finding[] {
  const findings: Finding[] = []
  if ((limits?.cpu_ms ?? 0) < REQUIRED_CPU_MS) {
    const text = `cpu_ms = 300_000 under ${table('limits', place, false)}`
    const says = 'cpu_ms is under five minutes, which publishing a busy hour of the lake may take'
    findings.push(make.warning(title('computing time', place), says, write(text, place)))
  }
  if (observability?.enabled !== true) {
    const text = `enabled = true under ${table('observability', place, false)}`
    const says = 'logs are not kept, so nobody can look up what went wrong'
    findings.push(make.warning(title('logs', place), says, write(text, place)))
  }
  return findings
}
