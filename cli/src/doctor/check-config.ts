/** Checks `millrace.config.ts`: that it loads, and what its sources say. Pure but for loading it. */

import type { MillraceConfig, SourceConfig } from '@millrace/schemas/config'
import type { DoctorEffects } from './effects.ts'
import { type Finding, findingsOf } from './finding.ts'
import { plural } from './report.ts'
import { type KnownSecrets, listNamedSecrets, type NamedSecret } from './secret-names.ts'

const { ok, warning, problem, unknown } = findingsOf('configuration')

/** Loads it. Without a configuration there is one finding, which says where the mistake is. */
export async function checkConfigFile(
  path: string,
  { loadConfig }: Pick<DoctorEffects, 'loadConfig'>,
): Promise<{ config: MillraceConfig | undefined; findings: Finding[] }> {
  try {
    const config = await loadConfig(path)
    return { config, findings: [ok(path, `valid, ${plural(config.sources.length, 'source')}`)] }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const mend = `correct ${path} where it says so, then run \`millrace doctor\` again; nothing that depends on it was checked`
    return { config: undefined, findings: [problem(path, why, mend)] }
  }
}

/** What the sources say: keys, origins. */
export function checkSources({ sources }: MillraceConfig): Finding[] {
  if (sources.length === 0) {
    const says = 'there are none, so a deployed Worker refuses every event'
    return [
      warning('sources', says, 'add one to `sources` in millrace.config.ts; its comment has an example'),
    ]
  }
  return sources.flatMap((source) => [checkWriteKeys(source), checkOrigins(source)])
}

/** Every secret that is named must be set somewhere; whether it is where the Worker runs only Cloudflare can say. */
export function checkSecrets(
  config: MillraceConfig,
  known: KnownSecrets,
  { isDeployed }: { isDeployed: boolean },
): Finding[] {
  const named = listNamedSecrets(config)
  const equal = checkSecretsAreSecret(config, named, known)
  // A deployed Worker has its secrets at Cloudflare; those of this machine are only what the doctor can try them with.
  if (isDeployed || named.length === 0) return equal
  const missing = named.filter(({ name }) => !known.has(name))
  if (missing.length === 0) return [...equal, ok('secrets', `${listNames(named)} set on this machine`)]
  return [
    ...equal,
    ...missing.map(({ name, path }) =>
      warning(
        `secret ${name}`,
        `named by ${path}, but not set on this machine, so what it is for does not work here`,
        `write it into .dev.vars for \`millrace dev\`, or start with \`${name}=... npm start\` in the repository; deployed: \`npx wrangler secret put ${name}\``,
      ),
    ),
  ]
}

function checkWriteKeys({ name, writeKeys }: SourceConfig): Finding {
  const check = `write keys of ${name}`
  const short = writeKeys.findIndex((key) => key.trim() !== key || /\s/.test(key))
  if (short === -1) return ok(check, plural(writeKeys.length, 'key'))
  const says = `writeKeys[${short}] has white space in it, which clients cut off or encode`
  return problem(check, says, 'write the key without white space in millrace.config.ts, and in the clients')
}

function checkOrigins({ name, allowedOrigins }: SourceConfig): Finding {
  const check = `origins of ${name}`
  const mend = `set allowedOrigins of the source in millrace.config.ts, for example ['https://shop.example'], and deploy`
  if (allowedOrigins === undefined)
    return warning(
      check,
      'allowedOrigins is not set, so pages of any site may send with its public key',
      mend,
    )
  if (allowedOrigins.length === 0)
    return warning(check, 'allowedOrigins is empty, so no page may send; servers still may', mend)
  const plain = allowedOrigins.filter((origin) => origin.startsWith('http://'))
  if (plain.length === 0) return ok(check, allowedOrigins.join(', '))
  return warning(
    check,
    `${plain.join(', ')} is without TLS, so whoever is on the way can send as that page`,
    'take it out of allowedOrigins in millrace.config.ts unless it is for development, and deploy',
  )
}

function checkSecretsAreSecret(
  { sources }: MillraceConfig,
  named: readonly NamedSecret[],
  known: KnownSecrets,
): Finding[] {
  const published = new Set(sources.flatMap(({ writeKeys }) => writeKeys))
  return named
    .filter(({ name }) => published.has(known.get(name) ?? ''))
    .map(({ name, path }) =>
      problem(
        `secret ${name}`,
        `named by ${path}, has the value of a write key, which everybody can read in your pages`,
        `make a new one: \`openssl rand -hex 24 | npx wrangler secret put ${name}\``,
      ),
    )
}

function listNames(named: readonly NamedSecret[]): string {
  return named.map(({ name }) => name).join(', ')
}

/** What is said of checks that need a configuration where there is none. */
export function withoutConfig(): Finding[] {
  return [unknown('sources and secrets', 'the configuration does not load')]
}
