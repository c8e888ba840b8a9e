/** The secrets of a project on this machine: commands find them where `millrace dev` does. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { Command } from 'commander'
import { DEV_SOURCE, isLoopback, type ProgramOptions, UsageError } from './command-world.ts'
import { DEFAULT_CONFIG, isFile, loadConfig } from './load-config.ts'

/** Options that hold a secret, the variable that stands in for each, and what names it in the configuration. */
const SECRETS = [
  { option: 'secretKey', variable: 'MILLRACE_SECRET_KEY', field: 'secretKeyVar' },
  { option: 'readToken', variable: 'MILLRACE_READ_TOKEN', field: 'readTokenVar' },
] as const

/**
 * Gives a command that asks a collector of this machine the secret of its source, where neither its option nor the variable of
 * the option has one: that which the configuration names, from the environment or from `.dev.vars` beside it. What is not found
 * stays as it is; the command says what it needs.
 *
 * @param folder absolute path of the project
 * @throws UsageError when the configuration cannot be loaded or, beside a `.dev.vars`, has no such source; not for a dry run
 */
export async function fillDevSecrets(
  command: Command,
  env: ProgramOptions['env'],
  folder: string,
): Promise<void> {
  const { source, endpoint, ...flags } = command.opts<Record<string, unknown>>()
  const lacking = SECRETS.filter(
    ({ option, variable }) => hasOption(command, option) && !flags[option] && !env[variable],
  )
  if (lacking.length === 0 || typeof source !== 'string' || source === DEV_SOURCE) return
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint) || !isLoopback(endpoint)) return
  const values = await readDevVars(folder)
  const found = await findSource(source, folder, Object.keys(values).length > 0).catch((error: unknown) => {
    // It may need none: then it goes on without.
    if (flags['dryRun'] !== true) throw error
  })
  for (const { option, field } of lacking) {
    const name = found?.[field] ?? ''
    const value = env[name] || values[name]
    if (value) command.setOptionValueWithSource(option, value, 'config')
  }
}

/** A source of the configuration in a folder; `undefined` where there is none. In a project, one that is not there is told. */
async function findSource(source: string, folder: string, isProject: boolean) {
  const path = join(folder, DEFAULT_CONFIG)
  if (!(await isFile(path))) return undefined
  const { sources } = await loadConfig(path, DEFAULT_CONFIG)
  const found = sources.find(({ name }) => name === source)
  if (found !== undefined || !isProject) return found
  const names = sources.map(({ name }) => name).join(', ')
  throw new UsageError(
    `${DEFAULT_CONFIG} has no source ${source}; it has ${names}, and on this machine ${DEV_SOURCE}`,
  )
}

/** Variables of `.dev.vars` in a folder, where wrangler looks for them too; there need not be one. */
export async function readDevVars(folder: string): Promise<Record<string, string | undefined>> {
  const text = await readFile(join(folder, '.dev.vars'), 'utf8').catch(() => '') // There need not be one.
  return parseEnv(text)
}

function hasOption(command: Command, name: string): boolean {
  return command.options.some((option) => option.attributeName() === name)
}
