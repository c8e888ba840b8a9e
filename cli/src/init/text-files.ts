/** Writes the texts of a new project that no compiler reads: secrets to be filled in, what git leaves out, the README. */

import { isDeepStrictEqual, parseEnv } from 'node:util'
import { namesOf, type Project, STAGING, secretsOf } from './project.ts'

/** `.dev.vars.example`: every secret by its name, and what it is for. */
export function writeDevVarsExample({ source, clickhouse, staging }: Project): string {
  const { secretKey, readToken } = secretsOf(source)
  const user = clickhouse === null ? '' : ` of the user ${clickhouse.user}`
  return `# Secrets; git leaves out every file that begins with .dev.vars but this one. Never write one into another file.
# \`npm run dev\` reads .dev.vars: in a fresh clone copy this to it, with values. \`npm run deploy\` reads
# .dev.vars.production${staging ? ' or .dev.vars.staging' : ''}, and asks for what is not there. A random one: openssl rand -hex 24

# Password of ClickHouse${user}.
CLICKHOUSE_PASSWORD=""

# Any random text: lets your servers send to the source ${source} what pages may not: history, replays, lookup tables.
${secretKey}=""

# Any random text: opens the dashboard, the live windows and the query API of the source ${source}.
${readToken}=""

# Optional: whoever has it may read /metrics, as Prometheus does.
# METRICS_TOKEN=""
`
}

type Variable = readonly [name: string, value: string]

/** `.dev.vars`: the secrets of this machine, so that one's own source is on its dashboard at once. */
export function writeDevVars(project: Project): string {
  return `# Secrets of \`npm run dev\` on this machine, made at random; git leaves this file out, and nothing deploys them.
# The read token opens the source ${project.source} on the dashboard, under "Sources …".
${writeVariables(listDevSecrets(project))}`
}

/**
 * An existing `.dev.vars` with the secrets that it lacks at its end; one that is there and empty is somebody's choice.
 *
 * @throws Error where a quote that does not end would swallow them
 */
export function mergeDevVars(existing: string, project: Project): string {
  const known = parseEnv(existing)
  const missing = listDevSecrets(project).filter(([name]) => known[name] === undefined)
  if (missing.length === 0) return existing
  const end = existing === '' || existing.endsWith('\n') ? '' : '\n'
  const text = `${existing}${end}${writeVariables(missing)}`
  const wanted = { ...known, ...Object.fromEntries(missing) }
  if (!isDeepStrictEqual({ ...parseEnv(text) }, wanted))
    throw new Error('has a quote that does not end: end it, or move the file away')
  return text
}

function writeVariables(variables: readonly Variable[]): string {
  return variables.map(([name, value]) => `${name}="${value}"\n`).join('')
}

function listDevSecrets({ source, devSecrets }: Project): Variable[] {
  const { secretKey, readToken } = secretsOf(source)
  return [
    [secretKey, devSecrets.secretKey],
    [readToken, devSecrets.readToken],
  ]
}

/** Lines of `.gitignore`. */
export const IGNORED = [
  'node_modules/',
  '.dev.vars',
  '.dev.vars.*',
  '!.dev.vars.example',
  '.millrace/',
  '.wrangler/',
]

/** `.gitignore`. */
export const GITIGNORE = `${IGNORED.join('\n')}\n`

/** An existing `.gitignore` with the lines that it lacks at its end: without them a secret could be committed. */
export function mergeGitignore(existing: string): string {
  const lines = new Set(existing.split(/\r?\n/).map((line) => line.trim()))
  const missing = IGNORED.filter((line) => !lines.has(line) && !lines.has(line.replace(/\/$/, '')))
  if (missing.length === 0) return existing
  const end = existing === '' || existing.endsWith('\n') ? '' : '\n'
  return `${existing}${end}${missing.join('\n')}\n`
}

/** The line for pages; the address is that of the deployed collector. */
export function writeScriptTag({
  name,
  domain,
  writeKey,
}: Pick<Project, 'name' | 'domain' | 'writeKey'>): string {
  const host = domain ?? `${name}.YOUR-ACCOUNT.workers.dev`
  return `<script async src="https://${host}/millrace.js" data-write-key="${writeKey}" data-auto-page></script>`
}

/** `README.md` of the project. */
export function writeReadme(project: Project): string {
  const { name, staging, clickhouse } = project
  const { worker, queues, bucket } = namesOf(name, 'production')
  const made = `the Worker \`${worker}\`, the queues \`${Object.values(queues).join('`, `')}\` and the bucket \`${bucket}\``
  return `# ${name}

First-party event analytics with Millrace: a Worker on Cloudflare that takes events, a lake in R2, and ClickHouse.

| file | |
| --- | --- |
| \`millrace.config.ts\` | who may send, what is kept of it, and for how long: the file that you edit |
| \`plan.ts\` | the tracking plan: which events there are, and what is in them |
| \`wrangler.toml\` | what the Worker is bound to: ${made} |
| \`worker.ts\` | the entry that is deployed |
| \`.dev.vars.example\` | the secrets, and what each is for |
| \`.dev.vars\` | those of your machine alone, made at random; git leaves it out |

## Next

\`\`\`sh
npm install
npm run dev
npm run deploy
\`\`\`

\`npm run dev\` runs everything on this machine, ClickHouse too, and needs no account. \`npm run deploy\` makes the queues and the
bucket, sets the secrets, brings ClickHouse to the tables of this release, deploys, and sends one event through to prove it;
\`npm run check\` only says what it would do. \`npm run doctor\` says what is wrong, and how to mend it.${staging ? STAGING_NOTE : ''}${clickhouse === null ? CLICKHOUSE_NOTE : ''}

## In your pages

\`\`\`html
${writeScriptTag(project)}
\`\`\`
`
}

const STAGING_NOTE = `

\`npm run deploy -- --env ${STAGING}\` deploys the environment beside production: another Worker, other queues, another bucket and
another database.`

const CLICKHOUSE_NOTE = `

Before the first deployment write the address of your ClickHouse into \`wrangler.toml\`.`
