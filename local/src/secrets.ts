/** The Worker secrets that a configuration names, as far as an environment has them. */

import { METRICS_TOKEN_VAR, type MillraceConfig, type SourceConfig } from '@millrace/schemas/config'

/** A secret that is not there. */
export interface MissingSecret {
  name: string
  /** What is different without it, each a sentence without capital and full stop; in the order of the configuration. */
  consequences: string[]
}

/** Outcome of {@link findSecrets}. */
export interface FoundSecrets {
  /** Values by name. */
  variables: Record<string, string>
  /** In the order of the configuration, each name once. */
  missing: MissingSecret[]
}

/** Finds the secrets of all sources and of the development source; an empty one counts as not set, as it does in the Worker. */
export function findSecrets(
  config: MillraceConfig,
  env: Readonly<Record<string, string | undefined>>,
): FoundSecrets {
  const variables: Record<string, string> = {}
  const missing = new Map<string, Set<string>>()
  for (const { name, consequence } of listUses(config)) {
    const value = env[name]
    if (value !== undefined && value !== '') variables[name] = value
    else missing.set(name, (missing.get(name) ?? new Set()).add(consequence))
  }
  for (const name of OPTIONAL) {
    const value = env[name]
    if (value !== undefined && value !== '') variables[name] = value
  }
  return {
    variables,
    missing: [...missing].map(([name, consequences]) => ({ name, consequences: [...consequences] })),
  }
}

/** Without them there is no /metrics and no heartbeat, which is how it begins: nothing to remark on. */
const OPTIONAL = [METRICS_TOKEN_VAR, 'MILLRACE_HEARTBEAT']

interface SecretUse {
  name: string
  consequence: string
}

function listUses({ sources, development, webhooks = [], metrics }: MillraceConfig): SecretUse[] {
  const ofSources = sources.flatMap((source) => [
    ...use(source.secretKeyVar, `no imports, replays and lookup tables for ${source.name}`),
    ...use(source.readTokenVar, `no queries for ${source.name}`),
    ...listHashes(source),
  ])
  const ofWebhooks = webhooks.flatMap(({ name, secretVar, urlVar }) => [
    ...use(secretVar, `webhook ${name} is not told`),
    ...use(urlVar, `webhook ${name} is not told`),
  ])
  const ofMetrics = use(metrics?.tokenVar, 'no /metrics')
  return [...ofSources, ...listHashes(development ?? {}), ...ofWebhooks, ...ofMetrics]
}

/** Without its secret the Worker removes a value rather than keep it or hash it so that everyone can. */
function listHashes({ pii = [] }: Pick<SourceConfig, 'pii'>): SecretUse[] {
  return pii.flatMap((rule) =>
    rule.action === 'hash' ? use(rule.secretVar, 'values that it would hash are dropped') : [],
  )
}

function use(name: string | undefined, consequence: string): SecretUse[] {
  return name === undefined ? [] : [{ name, consequence }]
}
