/** The command `millrace init`: what can be typed, and how it ends. */

import type { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { type CommandWorld, UsageError } from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_SOME } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import { isTerminal } from '../replay/confirm.ts'
import {
  type ClickHouseAnswer,
  DEFAULT_SOURCE,
  DEFAULT_USER,
  type Parsed,
  parseClickHouse,
  parseDomain,
  parseName,
  parseSites,
  parseSourceName,
  parseUser,
} from './answers.ts'
import { findClone } from './clone.ts'
import { InitFailure } from './folder.ts'
import { type Given, Interrupted } from './questions.ts'
import { formatReport } from './report.ts'
import { type InitEffects, type InitOptions, runInit } from './run-init.ts'
import { createTerminalPrompts } from './terminal.ts'

/** Options as commander gives them; `false`: the answer is none. */
interface InitFlags {
  name?: string
  site?: string[] | false
  domain?: string | false
  clickhouseUrl?: string | false
  clickhouseUser?: string
  staging?: boolean
  source: string
  yes?: boolean
  force?: boolean
}

/** Adds the command to the program. */
export function registerInit(program: Command, world: CommandWorld): void {
  program
    .command('init')
    .description('make a project: five questions, then the files of a collector of your own')
    .argument('[folder]', 'folder of the project; it need not exist', '.')
    .option('--name <name>', "name of the Worker, its queues and its bucket (suggested: the folder's)")
    .option(
      '--site <origin>',
      'origin whose pages may send, such as https://shop.example; may be given several times',
      (value: string, before: string[] | false | undefined) => [...(before || []), value],
    )
    .option('--no-site', 'pages of any site may send (suggested)')
    .option('--domain <host>', 'domain of the collector, such as events.shop.example')
    .option('--no-domain', 'it gets an address under workers.dev (suggested)')
    .option('--clickhouse-url <url>', 'address of ClickHouse, such as https://db.example:8443')
    .option('--no-clickhouse-url', 'not known yet (suggested)')
    .option('--clickhouse-user <name>', `and user (default: ${DEFAULT_USER})`)
    .option('--staging', 'a staging environment beside production (suggested)')
    .option('--no-staging', 'production alone')
    .option('--source <name>', 'name of the first source', DEFAULT_SOURCE)
    .option('--yes', 'ask nothing: take what is suggested for all that is not given')
    .option('--force', 'overwrite files that are there and differ')
    .action(async (folder: string, flags: InitFlags) => {
      world.done(await init(world, readOptions(folder, flags)))
    })
}

async function init(world: CommandWorld, options: InitOptions): Promise<number> {
  const { stdout, stderr } = world
  try {
    const { report, isWhole } = await runInit(options, await createEffects(world, options))
    stdout.write(formatReport(report))
    if (isWhole) return 0
    stderr.write('millrace: files that differ were kept; --force overwrites them\n')
    return EXIT_SOME
  } catch (error) {
    if (error instanceof Interrupted) {
      stderr.write('\nmillrace: interrupted; nothing was written\n')
      return EXIT_INTERRUPTED
    }
    if (!(error instanceof InitFailure)) throw error
    stderr.write(`millrace: ${printable(error.message)}\n`)
    return EXIT_FAILED
  }
}

async function createEffects(world: CommandWorld, { isYes }: InitOptions): Promise<InitEffects> {
  return {
    prompts: !isYes && isTerminal(world) ? await createTerminalPrompts(world) : undefined,
    versions: { millrace: manifest.version, zod: manifest.dependencies.zod },
    node: { path: process.execPath, version: process.versions.node },
    workingFolder: process.cwd(),
    clone: findClone(),
    signal: world.signal,
  }
}

function readOptions(folder: string, flags: InitFlags): InitOptions {
  if (folder === '') throw new UsageError('the folder must have a name, got ""')
  return {
    folder,
    source: read('--source', parseSourceName, flags.source),
    given: readGiven(flags),
    isYes: flags.yes === true,
    isForced: flags.force === true,
  }
}

function readGiven({ name, site, domain, clickhouseUrl, clickhouseUser, staging }: InitFlags): Given {
  const user = clickhouseUser === undefined ? undefined : read('--clickhouse-user', parseUser, clickhouseUser)
  const clickhouse = readClickHouse(clickhouseUrl, user)
  return {
    ...(name === undefined ? {} : { name: read('--name', parseName, name) }),
    ...(site === undefined ? {} : { sites: site === false ? [] : readSites(site) }),
    ...(domain === undefined
      ? {}
      : { domain: domain === false ? null : readSome('--domain', parseDomain, domain) }),
    ...(clickhouse === undefined ? {} : { clickhouse }),
    ...(user === undefined ? {} : { clickhouseUser: user }),
    ...(staging === undefined ? {} : { staging }),
  }
}

function readClickHouse(
  url: string | false | undefined,
  user = DEFAULT_USER,
): ClickHouseAnswer | null | undefined {
  if (url === undefined) return undefined
  if (url === false) return null
  return { url: readSome('--clickhouse-url', parseClickHouse, url), user }
}

function readSites(texts: readonly string[]): readonly string[] {
  const sites = read('--site', parseSites, texts.join(' '))
  if (sites.length > 0) return sites
  throw new UsageError('--site must not be empty; --no-site means any')
}

/** Checks the value of a flag. */
function read<T>(flag: string, parse: (text: string) => Parsed<T>, text: string): T {
  const parsed = parse(text)
  if (parsed.ok) return parsed.value
  throw new UsageError(`${flag} ${parsed.problem}`)
}

/** The same where nothing is no answer: a script whose variable is empty does not mean none. */
function readSome<T>(flag: string, parse: (text: string) => Parsed<T | null>, text: string): T {
  const value = read(flag, parse, text)
  if (value !== null) return value
  throw new UsageError(`${flag} must not be empty; --no-${flag.slice(2)} means none`)
}
