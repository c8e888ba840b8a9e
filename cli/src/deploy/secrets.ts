/** Which secrets a Worker needs, and where their values come from. */

import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'
import { METRICS_TOKEN_VAR, type MillraceConfig } from '@millrace/schemas/config'
import { UsageError } from '../command-world.ts'
import { listNamedSecrets, WAREHOUSE_PASSWORD } from '../doctor/secret-names.ts'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import type { WantedSecret } from './facts.ts'

/** All that the deployed Worker reads; those of development are not among them. */
export function listWanted(
  config: MillraceConfig | undefined,
  bindings: WranglerConfig | undefined,
): WantedSecret[] {
  const required = [WAREHOUSE_PASSWORD, ...(bindings?.secrets?.required ?? [])]
  const named = config === undefined ? [] : listNamedSecrets({ ...config, development: {} })
  const all = [
    ...required.map((name) => ({ name, path: 'wrangler.toml', canMake: false })),
    ...named.map(({ name, path }) => ({
      ...{ name, path },
      canMake: /^sources\[\d+\]\.(secretKeyVar|readTokenVar)$/.test(path),
    })),
  ]
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index)
}

/** Names that are sent where this machine has a value, and are not asked for. */
export function listOptional(config: MillraceConfig | undefined): string[] {
  return config?.metrics?.tokenVar === undefined ? [METRICS_TOKEN_VAR] : []
}

/** Where values are looked for. */
export interface SecretPlaces {
  env: Readonly<Record<string, string | undefined>>
  /** File that was typed. */
  secretsFile: string | undefined
  wrangler: string
  environment: string | undefined
}

/**
 * Values of those that this machine has: of the environment, then of the file that was typed, or where none was, of
 * `.dev.vars.<environment>` beside `wrangler.toml` (`.dev.vars.production` outside of environments). The plain `.dev.vars`
 * is not looked at: what is in it is for development.
 *
 * @throws UsageError when a file was typed that is not there
 */
export async function readSecrets(
  names: readonly string[],
  { env, secretsFile, wrangler, environment = 'production' }: SecretPlaces,
  readText: (path: string) => Promise<string | undefined>,
): Promise<Map<string, string>> {
  const path = secretsFile ?? join(dirname(wrangler), `.dev.vars.${environment}`)
  const text = await readText(path)
  if (text === undefined && secretsFile !== undefined) throw new UsageError(`there is no file ${secretsFile}`)
  const file = parseEnv(text ?? '')
  const values = names.map((name) => [name, env[name] || file[name] || ''] as const)
  return new Map(values.filter(([, value]) => value !== ''))
}

/** Those that the Worker lacks and this machine does not know. */
export function listMissing({
  wanted,
  set,
  here,
}: {
  wanted: readonly WantedSecret[]
  set: ReadonlySet<string> | undefined
  here: ReadonlySet<string>
}): WantedSecret[] {
  return wanted.filter(({ name }) => set?.has(name) !== true && !here.has(name))
}
