/** The command `millrace dev`: the project's Worker on this machine, with a ClickHouse of its own. */

import { stat } from 'node:fs/promises'
import { dirname, join, parse, resolve } from 'node:path'
import type { Command } from 'commander'
import { type CommandWorld, UsageError } from '../command-world.ts'
import { readDevVars } from '../dev-secrets.ts'
import { createDoctorEffects, type RunResult } from '../doctor/effects.ts'
import { readWranglerConfig, type WranglerConfig } from '../doctor/wrangler-config.ts'
import { DEFAULT_CONFIG, isFile } from '../load-config.ts'
import { developmentAssetsFolder, migrationsFolder } from '../release-files.ts'
import { loadFreshConfig } from './fresh-config.ts'
import { watchProject } from './watch.ts'

/** Options as commander gives them. */
interface DevFlags {
  config: string
  wrangler: string
  port?: string
  clickhousePort?: string
  data: string
  watch: boolean
}

/** Adds the command to the program. */
export function registerDev(program: Command, world: CommandWorld): void {
  program
    .command('dev')
    .description('run the project on this machine, with a ClickHouse of its own, until Ctrl-C')
    .option('--config <file>', 'configuration', DEFAULT_CONFIG)
    .option('--wrangler <file>', 'bindings of the Worker', 'wrangler.toml')
    .option('--port <port>', 'port of the Worker (default: PORT, or 8787)')
    .option('--clickhouse-port <port>', 'port of ClickHouse (default: CLICKHOUSE_PORT, or 8123)')
    .option('--data <folder>', 'where data is kept', world.env['MILLRACE_DATA'] || '.millrace')
    .option('--no-watch', 'do not start again when a source file changes')
    .action((flags: DevFlags) => run(world, flags))
}

async function run(world: CommandWorld, flags: DevFlags): Promise<void> {
  const { stdout, stderr, done, signal = new AbortController().signal } = world
  const wranglerPath = resolve(flags.wrangler)
  if (!(await isFile(wranglerPath)))
    throw new UsageError(`there is no file ${flags.wrangler}; make a project with \`npx millrace init\``)
  const { serve } = await importStack()
  const data = resolve(flags.data)
  const say = (line: string) => void stderr.write(`millrace: ${line}\n`)
  let unwatch = () => {}
  const code = await serve({
    ...(await placesOf(wranglerPath, data)),
    readEnv: async () => ({
      ...(await readDevVars(dirname(wranglerPath))),
      ...environmentOf(world, flags),
    }),
    secretsPlace: '.dev.vars',
    readConfig: () => loadFreshConfig(resolve(flags.config), flags.config),
    build: () => bundle(wranglerPath, data),
    ...(flags.watch
      ? {
          watch: (onChange: () => Promise<void>) => {
            unwatch = watchProject(dirname(wranglerPath), { onChange, data, say })
          },
        }
      : {}),
    signal,
    print: (text) => stdout.write(text),
    say,
  })
  unwatch()
  done(code)
}

/** What it needs is large, so it is in the project's development dependencies and loaded only here. */
async function importStack() {
  try {
    return await import('@millrace/local/serve')
  } catch (cause) {
    const missing = /Cannot find (?:package|module) '([^']+)'/.exec(String(cause))?.[1]
    if (missing === undefined) throw cause
    throw new UsageError(`${missing} is not installed here: \`npm install --save-dev wrangler chdb\``, {
      cause,
    })
  }
}

async function placesOf(wranglerPath: string, data: string) {
  const assetsPath = developmentAssetsFolder()
  const found = await stat(assetsPath).catch(() => undefined) // In a repository that was never built.
  if (found === undefined)
    throw new UsageError(`there is no folder ${assetsPath}: build it with \`npm run build\``)
  return {
    wranglerPath,
    assetsPath,
    migrationsPath: migrationsFolder(),
    scriptPath: await findBundle(wranglerPath, data),
  }
}

/** Wrangler calls it as the entry is called. */
async function findBundle(wranglerPath: string, data: string): Promise<string> {
  // What cannot be read is told when it is bundled.
  const { main = 'worker.ts' } = await readWranglerConfig(wranglerPath, undefined).catch(
    () => ({}) as WranglerConfig,
  )
  return join(data, 'bundle', `${parse(main).name}.js`)
}

function environmentOf({ env }: CommandWorld, { port, clickhousePort, data }: DevFlags) {
  return {
    ...env,
    MILLRACE_DATA: data,
    ...(port === undefined ? {} : { PORT: port }),
    ...(clickhousePort === undefined ? {} : { CLICKHOUSE_PORT: clickhousePort }),
  }
}

/** Bundles the Worker as wrangler would upload it. */
async function bundle(wranglerPath: string, data: string): Promise<void> {
  const { runWrangler } = createDoctorEffects(globalThis.fetch)
  const args = ['deploy', '--dry-run', '--config', wranglerPath, '--outdir', join(data, 'bundle')]
  const result = await runWrangler(args, dirname(wranglerPath))
  if (result.code !== 0) throw new Error(`the Worker cannot be bundled:\n${wordsOf(result)}`)
}

function wordsOf({ stdout, stderr }: RunResult): string {
  return (stderr.trim() || stdout.trim()).split('\n').slice(-30).join('\n')
}
