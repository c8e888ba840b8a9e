/** Writes `wrangler.toml`: the bindings of production, and of staging beside it. A test compares it with the repository's own. */

import { NO_CLICKHOUSE_URL } from '../no-clickhouse-url.ts'
import { type EnvironmentNames, namesOf, type Project, STAGING } from './project.ts'

/** Of the Workers runtime; that of the release. */
const COMPATIBILITY_DATE = '2026-10-20'

/** The file as text. */
export function writeWranglerToml(project: Project): string {
  const names = namesOf(project.name, 'production')
  const parts = [
    writeHead(project),
    writeVars(project, names, 'vars'),
    SECRETS,
    ASSETS,
    writeProducers(names, ''),
    writeConsumers(names, '', CONSUMER_COMMENTS),
    writeBucket(names, ''),
    writeLimits(names, '', LIMIT_COMMENTS),
    writeObject(''),
    INHERITED,
    writeSelf(names, '', SELF_COMMENT),
    ...(project.staging ? [writeStaging(project)] : []),
  ]
  return `${parts.join('\n\n')}\n`
}

function writeHead({ name, domain }: Project): string {
  const lines = [
    '# One Worker: it receives events, stores them and keeps the live windows. Here stands what it is bound to;',
    '# what it does with events stands in millrace.config.ts.',
    `name = ${quote(name)}`,
    'main = "worker.ts"',
    `compatibility_date = "${COMPATIBILITY_DATE}"`,
  ]
  if (domain === null) return [...lines, ...NO_DOMAIN, 'workers_dev = true'].join('\n')
  const route = `routes = [{ pattern = ${quote(domain)}, custom_domain = true }]`
  return [...lines, ...OWN_DOMAIN, route, ...BOTH_DOORS, 'workers_dev = true'].join('\n')
}

const NO_DOMAIN = [
  '# The address is https://NAME.YOUR-ACCOUNT.workers.dev. With a subdomain of your site the collector is first-party, and',
  '# the cookie that it sets lasts in Safari too; the domain has to be at Cloudflare:',
  '# routes = [{ pattern = "events.shop.example", custom_domain = true }]',
]

const OWN_DOMAIN = [
  '# Of the same site as your pages, so that the cookie is first-party. The domain has to be at Cloudflare, which makes the',
  '# name and its certificate at the first deploy.',
]

const BOTH_DOORS = ['# It answers under workers.dev too, until the certificate is there and afterwards.']

function writeVars({ clickhouse }: Project, { database }: EnvironmentNames, table: string): string {
  const { url, user } = clickhouse ?? { url: NO_CLICKHOUSE_URL, user: 'default' }
  const why =
    clickhouse === null
      ? [
          '# Write the address of your ClickHouse here before you deploy: its HTTPS interface, without a password.',
        ]
      : []
  const isProduction = table === 'vars'
  return [
    `[${table}]`,
    ...(isProduction ? ['# "development" switches on published keys: only `npm run dev` may set it.'] : []),
    'MILLRACE_ENV = "production"',
    ...why,
    `CLICKHOUSE_URL = ${quote(url)}`,
    `CLICKHOUSE_USER = ${quote(user)}`,
    ...(isProduction
      ? []
      : ['# Of its own, so that nothing that is tried here stands among the real events.']),
    `CLICKHOUSE_DATABASE = ${quote(database)}`,
  ].join('\n')
}

const SECRETS = `# A deployment without it fails. .dev.vars.example says which secrets there are, and what each is for.
[secrets]
required = ["CLICKHOUSE_PASSWORD"]`

const ASSETS = `# The dashboard, and /millrace.js for your pages. They come with the package.
[assets]
directory = "node_modules/millrace/dist/assets"
binding = "ASSETS"`

function writeProducers({ queues }: EnvironmentNames, prefix: string): string {
  return (['events', 'retry', 'dead'] as const)
    .map(
      (role) => `[[${prefix}queues.producers]]
queue = ${quote(queues[role])}
binding = "${role.toUpperCase()}_QUEUE"`,
    )
    .join('\n\n')
}

type Comments = Readonly<Record<string, string>>

const CONSUMER_COMMENTS: Comments = {
  events: `# The wait is the floor of how live the dashboard can be, so it is one second.
# Each batch is an insert. Without a cap on how many run at once, a backlog would make more parts than ClickHouse can merge;
# raise it if the backlog grows and ClickHouse is idle.
`,
  retry: '# What failed before must not crowd out what is new.\n',
  dead: '# Last stop: no dead-letter queue behind it, so it retries as often as the platform allows.\n',
}

function writeConsumers({ queues }: EnvironmentNames, prefix: string, comments: Comments): string {
  const dead = `dead_letter_queue = ${quote(queues.dead)}`
  const write = (role: 'events' | 'retry' | 'dead', settings: readonly string[]) =>
    `${comments[role] ?? ''}[[${prefix}queues.consumers]]
queue = ${quote(queues[role])}
${settings.join('\n')}`
  const quick = ['max_batch_size = 100', 'max_batch_timeout = 1']
  return [
    write('events', [...quick, 'max_concurrency = 10', 'max_retries = 100', dead]),
    write('retry', [...quick, 'max_concurrency = 2', 'max_retries = 100', dead]),
    write('dead', ['max_batch_size = 10', 'max_batch_timeout = 5', 'max_retries = 100']),
  ].join('\n\n')
}

function writeBucket({ bucket }: EnvironmentNames, prefix: string): string {
  return `[[${prefix}r2_buckets]]
binding = "LAKE"
bucket_name = ${quote(bucket)}`
}

const LIMIT_COMMENTS: Comments = {
  source: `# Requests per 10 seconds, counted in each data centre; a request may hold 2,500 events. Requests with a secret key and
# sources with \`rateLimits: false\` are not counted. Workers of an account that have one namespace id share its counter.
`,
  client:
    '# One address may be a whole office, or a server that sends for all its visitors; an IPv6 /64 counts as one address.\n',
  query:
    '# Questions to the query API that reach ClickHouse, by source; those answered from the cache are not counted.\n',
}

function writeLimits({ limits }: EnvironmentNames, prefix: string, comments: Comments): string {
  const most = { source: 20_000, client: 600, query: 100 }
  return (['source', 'client', 'query'] as const)
    .map(
      (what) => `${comments[what] ?? ''}[[${prefix}ratelimits]]
name = "${what.toUpperCase()}_LIMIT"
namespace_id = "${limits[what]}"
simple = { limit = ${most[what]}, period = 10 }`,
    )
    .join('\n\n')
}

function writeObject(prefix: string): string {
  return `[[${prefix}durable_objects.bindings]]
name = "LIVE"
class_name = "LiveAggregator"`
}

const INHERITED = `[[migrations]]
tag = "v1"
new_sqlite_classes = ["LiveAggregator"]

# What the lake publishes is merged in the cron's run: an hour of a million events takes some minutes of computing time. The
# default is 30 seconds; used time is what costs.
[limits]
cpu_ms = 300_000

[triggers]
crons = ["* * * * *"]

[observability]
enabled = true

# The pipeline's own lines and every error, but no line for each invocation: that would be a third of the bill.
[observability.logs]
enabled = true
invocation_logs = false`

const SELF_COMMENT = `# The heartbeat goes in through this binding where it is there; add it after the first deploy, because the Worker must
# exist for it.
`

function writeSelf({ worker }: EnvironmentNames, prefix: string, comment: string): string {
  return `${comment}# [[${prefix}services]]
# binding = "SELF"
# service = ${quote(worker)}`
}

function writeStaging(project: Project): string {
  const names = namesOf(project.name, STAGING)
  const prefix = `env.${STAGING}.`
  const head = [
    '# Staging: the same Worker under other names, so that what is tried there touches nothing of production.',
    '# `npm run deploy -- --env staging` deploys it. Wrangler does not inherit bindings, so all are repeated here; whoever adds',
    '# one above adds it below too.',
    `[env.${STAGING}]`,
    `name = ${quote(names.worker)}`,
    '# Without this line it would take a domain of production.',
    'routes = []',
  ].join('\n')
  return [
    head,
    writeVars(project, names, `${prefix}vars`),
    `[${prefix}secrets]\nrequired = ["CLICKHOUSE_PASSWORD"]`,
    writeProducers(names, prefix),
    writeConsumers(names, prefix, {}),
    writeBucket(names, prefix),
    writeLimits(names, prefix, {}),
    writeObject(prefix),
    writeSelf(names, prefix, ''),
  ].join('\n\n')
}

/** A JSON string is a basic string of TOML when it holds no lone surrogate, which no answer does. */
function quote(text: string): string {
  return JSON.stringify(text)
}
