/** Which Worker secrets a configuration names, and which of them are known on this machine. */

import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'
import type { MillraceConfig } from '@millrace/schemas/config'

/** A secret that something in the configuration names. */
export interface NamedSecret {
  name: string
  /** Where it is named, for example `sources[0].secretKeyVar`. */
  path: string
}

/** Values of secrets by their names, as far as this machine knows them. */
export type KnownSecrets = ReadonlyMap<string, string>

/** The one that every deployment needs. */
export const WAREHOUSE_PASSWORD = 'CLICKHOUSE_PASSWORD'

/** Every field whose name ends in `Var`, wherever it stands, each secret once; the plan holds none. */
export function listNamedSecrets(config: MillraceConfig): NamedSecret[] {
  const found = new Map<string, NamedSecret>()
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'plan') continue
      const at = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
      if (key.endsWith('Var') && typeof inner === 'string') {
        if (!found.has(inner)) found.set(inner, { name: inner, path: at })
      } else walk(inner, at)
    }
  }
  walk(config, '')
  return [...found.values()]
}

/**
 * What is set on this machine: the environment, then `.dev.vars` beside `wrangler.toml`, as `wrangler dev` has it.
 *
 * @param names those that are looked for
 * @param readText gives the text of a file, or `undefined`
 */
export async function readKnownSecrets(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  { wrangler, environment }: { wrangler: string; environment: string | undefined },
  readText: (path: string) => Promise<string | undefined>,
): Promise<KnownSecrets> {
  const folder = dirname(wrangler)
  const own = environment === undefined ? undefined : join(folder, `.dev.vars.${environment}`)
  const text = (own && (await readText(own))) ?? (await readText(join(folder, '.dev.vars'))) ?? ''
  const file = parseEnv(text)
  const values = names.map((name) => [name, env[name] || file[name]] as const)
  return new Map(values.filter((entry): entry is [string, string] => (entry[1] ?? '') !== ''))
}
