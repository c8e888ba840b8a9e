/** Starts the stack for a person at a terminal, says where everything is, and ends it in order when it is told to. */

import { resolve } from 'node:path'
import type { MillraceConfig, SourceConfig } from '@millrace/schemas/config'
import { readRetention } from '@millrace/schemas/migrations'
import { describeError } from './describe-error.ts'
import { DATABASE } from './migrate.ts'
import type { Places } from './places.ts'
import { readPort, requireFreePort } from './ports.ts'
import { findSecrets, type MissingSecret } from './secrets.ts'
import { type Stack, type StackOptions, startStack } from './stack.ts'

/** Options of {@link serve}; places that are not named are those of the repository. */
export interface ServeOptions extends Partial<Places> {
  /** `PORT`, `CLICKHOUSE_PORT`, `MILLRACE_DATA`, and the secrets that the configuration names; as they are now. */
  readEnv: () => Promise<Readonly<Record<string, string | undefined>>>
  /** Where a secret that is missing would go, in words. */
  secretsPlace: string
  /** The configuration as it is now. */
  readConfig: () => Promise<MillraceConfig>
  /** Builds what is started. */
  build: () => Promise<void>
  /** Calls back after each change of what is built from. Default: nothing is watched. */
  watch?: (onChange: () => Promise<void>) => void
  /** Aborted when all is to end. */
  signal: AbortSignal
  /** Takes what the person asked for. */
  print: (text: string) => void
  /** Takes lines on how it goes. */
  say: (line: string) => void
  /** Starts everything. Default {@link startStack}. */
  start?: (options: StackOptions) => Promise<Stack>
}

/**
 * Serves until it is told to end.
 *
 * @returns exit code: 0 ended as told, 1 did not start or did not end cleanly; `say` has had the reason
 */
export async function serve(options: ServeOptions): Promise<number> {
  const { signal, say } = options
  if (signal.aborted) return 0
  const ended = new Promise<undefined>((resolve) =>
    signal.addEventListener('abort', () => resolve(undefined), { once: true }),
  )
  const launching = launch(options)
  try {
    if ((await Promise.race([launching, ended])) === undefined) {
      // It ends what it started; who cannot wait ends the process.
      launching.then((late) => late.stop()).catch(() => {}) // It did not start: then there is nothing to end.
      return 0
    }
  } catch (error) {
    say(describeError(error))
    return 1
  }
  let running: Promise<Stack | undefined> = launching
  options.watch?.(async () => {
    if (signal.aborted) return
    running = restart(await running, options)
    await running
  })
  await ended
  // A restart that is under way is waited for: what it started is ended too.
  return stop(await running, say)
}

async function launch(options: ServeOptions): Promise<Stack> {
  const { readConfig, build, print, say, scriptPath, assetsPath, wranglerPath, migrationsPath } = options
  const env = await options.readEnv()
  const port = readPort('PORT', 8787, env)
  const clickhousePort = readPort('CLICKHOUSE_PORT', 8123, env)
  const dataPath = resolve(env['MILLRACE_DATA'] ?? '.millrace')
  if (port !== 0 && port === clickhousePort)
    throw new RangeError(`PORT and CLICKHOUSE_PORT must differ, got ${port} twice`)
  // Before the build, so that a second start neither takes long nor touches what the first one runs from.
  await requireFreePort(port, 'PORT')
  await requireFreePort(clickhousePort, 'CLICKHOUSE_PORT')
  const config = await readConfig()
  await build()
  const { variables, missing } = findSecrets(config, env)
  const places = { scriptPath, assetsPath, wranglerPath, migrationsPath }
  const { start = startStack } = options
  const launched = await start({
    ...Object.fromEntries(Object.entries(places).filter(([, path]) => path !== undefined)),
    ...{ port, clickhousePort, dataPath, say, variables },
    retention: readRetention(config),
    onWorkerLog: (line) => sayTrouble(line),
    outlivesSignals: true,
  })
  const missingLines = missing.map((secret) => describeMissing(secret, options.secretsPlace))
  print(describeReady(launched, config.sources, missingLines, env['MILLRACE_DATA'] ?? '.millrace'))
  return launched
}

/** Builds and starts again on the same data. What cannot be built leaves the running stack as it is. */
async function restart(running: Stack | undefined, options: ServeOptions): Promise<Stack | undefined> {
  const { say, readConfig, build } = options
  let config: MillraceConfig
  try {
    config = await readConfig()
    await build()
  } catch (error) {
    say(`not restarted: ${describeError(error)}`)
    return running
  }
  say('files changed, starting again')
  try {
    await running?.stop()
    if (options.signal.aborted) return undefined
    // Built already: nothing answers meanwhile.
    return await launch({ ...options, readConfig: async () => config, build: async () => {} })
  } catch (error) {
    // A launch that fails leaves nothing to stop; the next change tries again.
    say(describeError(error))
    return undefined
  }
}

async function stop(stack: Stack | undefined, say: (line: string) => void): Promise<number> {
  if (stack === undefined) return 0
  say('stopping: letting the queue hand on what it holds')
  try {
    await stack.stop()
    return 0
  } catch (error) {
    say(`could not stop cleanly: ${describeError(error)}`)
    return 1
  }
}

/** Of the Worker's structured lines only trouble is for the terminal. */
function sayTrouble(line: string): void {
  if (!line.includes('"level":"info"')) console.error(line)
}

function describeReady(
  { worker, clickhouseUrl }: Stack,
  sources: readonly SourceConfig[],
  missing: readonly string[],
  data: string,
): string {
  const query =
    'SELECT type, event, page_path, stream, seq FROM events FINAL ORDER BY received_at DESC, seq DESC LIMIT 10'
  return `
ready
  demo shop   ${worker.url}/demo/
  dashboard   ${worker.url}/dashboard
  collector   ${worker.url}      write key dev, secret key dev-secret, read token dev-read
  ClickHouse  ${clickhouseUrl}      database ${DATABASE}${sources.map(describeSource).join('')}${missing.join('')}

Click around in the shop, and watch the dashboard in another window. What arrived is in ClickHouse:
  curl '${clickhouseUrl}/?database=${DATABASE}&default_format=PrettyCompact' --data '${query}'

Ctrl-C ends everything; data stays in ${data}/.
`
}

function describeSource({ name, writeKeys, secretKeyVar, readTokenVar }: SourceConfig): string {
  const secretKey = secretKeyVar === undefined ? 'no secret key' : `secret key from ${secretKeyVar}`
  const readToken = readTokenVar === undefined ? 'no read token' : `read token from ${readTokenVar}`
  return `\n  source      ${name}, write key ${writeKeys.join(' or ')}, ${secretKey}, ${readToken}`
}

function describeMissing({ name, consequences }: MissingSecret, place: string): string {
  return `\n  missing     ${name} is not set: ${consequences.join('; ')}. Any text will do, in ${place}`
}
