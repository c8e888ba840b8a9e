/** `npm start`: builds, starts the stack, says where everything is, and ends it on Ctrl-C. `--watch` restarts on change. */

import { resolve } from 'node:path'
import type { MillraceConfig, SourceConfig } from '@millrace/schemas/config'
import { readRetention } from '@millrace/schemas/migrations'
import { build } from '../../scripts/build.ts'
import { DATABASE } from './migrate.ts'
import { readPort, requireFreePort } from './ports.ts'
import { ROOT } from './root.ts'
import { findSecrets, type MissingSecret } from './secrets.ts'
import { SIGNALS } from './signals.ts'
import { type Stack, startStack } from './stack.ts'
import { watchSources } from './watch.ts'

let stack: Stack | undefined
let isStopping = false

await main()

async function main(): Promise<void> {
  for (const signal of SIGNALS) process.on(signal, () => end(0))
  // The launcher is gone without a signal, for example killed: nobody is left to stop us.
  process.on('disconnect', () => end(0))
  try {
    stack = await launch()
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    end(1)
    return
  }
  if (isStopping) return
  if (process.argv.includes('--watch')) watchSources(ROOT, () => restart())
}

async function launch(): Promise<Stack> {
  const port = readPort('PORT', 8787)
  const clickhousePort = readPort('CLICKHOUSE_PORT', 8123)
  const dataPath = resolve(process.env['MILLRACE_DATA'] ?? '.millrace')
  if (port !== 0 && port === clickhousePort)
    throw new RangeError(`PORT and CLICKHOUSE_PORT must differ, got ${port} twice`)
  // Before the build, so that a second start neither takes long nor touches what the first one runs from.
  await requireFreePort(port, 'PORT')
  await requireFreePort(clickhousePort, 'CLICKHOUSE_PORT')
  const config = await readConfig()
  await build()
  const { variables, missing } = findSecrets(config, process.env)
  const launched = await startStack({
    port,
    clickhousePort,
    dataPath,
    retention: readRetention(config),
    say,
    onWorkerLog: printTrouble,
    variables,
    outlivesSignals: true,
  })
  printReady(launched, config.sources, missing)
  return launched
}

/** `millrace.config.ts` as it is now. Read here first, because its mistakes are one line here and a page from workerd. */
async function readConfig(): Promise<MillraceConfig> {
  const { default: config } = await import(`../../millrace.config.ts?read=${Date.now()}`)
  return config
}

/** Rebuilds and starts again on the same data. What cannot be built leaves the running stack as it is. */
async function restart(): Promise<void> {
  if (isStopping) return
  try {
    await readConfig()
    await build()
  } catch (error) {
    say(`not restarted: ${error instanceof Error ? error.message : String(error)}`)
    return
  }
  say('sources changed, restarting')
  const stopping = stack
  // A launch that fails leaves nothing to stop.
  stack = undefined
  await stopping?.stop()
  stack = await launch()
}

function end(code: number): void {
  if (isStopping) return
  isStopping = true
  if (stack !== undefined) say('stopping: letting the queue hand on what it holds')
  const ending = stack?.stop() ?? Promise.resolve()
  ending.then(
    () => process.exit(code),
    (error: unknown) => {
      say(`could not stop cleanly: ${String(error)}`)
      process.exit(1)
    },
  )
}

function printReady(
  { worker, clickhouseUrl }: Stack,
  sources: readonly SourceConfig[],
  missing: readonly MissingSecret[],
): void {
  const query =
    'SELECT type, event, page_path, stream, seq FROM events FINAL ORDER BY received_at DESC, seq DESC LIMIT 10'
  console.log(`
ready
  demo shop   ${worker.url}/demo/
  dashboard   ${worker.url}/dashboard
  collector   ${worker.url}      write key dev, secret key dev-secret, read token dev-read
  ClickHouse  ${clickhouseUrl}      database ${DATABASE}${sources.map(describeSource).join('')}${missing.map(describeMissing).join('')}

Click around in the shop, and watch the dashboard in another window. What arrived is in ClickHouse:
  curl '${clickhouseUrl}/?database=${DATABASE}&default_format=PrettyCompact' --data '${query}'

Ctrl-C ends everything; data stays in ${process.env['MILLRACE_DATA'] ?? '.millrace'}/.
`)
}

/** Of the Worker's structured lines only trouble is for the terminal. */
function printTrouble(line: string): void {
  if (line.includes('"level":"info"')) return
  console.error(line)
}

function describeSource({ name, writeKeys, secretKeyVar }: SourceConfig): string {
  const secretKey = secretKeyVar === undefined ? 'no secret key' : `secret key from ${secretKeyVar}`
  return `\n  source      ${name}, write key ${writeKeys.join(' or ')}, ${secretKey}`
}

function describeMissing({ name, consequences }: MissingSecret): string {
  return `\n  missing     ${name} is not set: ${consequences.join('; ')}`
}

function say(line: string): void {
  console.error(`millrace: ${line}`)
}
