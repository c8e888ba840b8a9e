/** Reads everything that is to be known before anything is done. Changes nothing. */

import type { MillraceConfig } from '@millrace/schemas/config'
import type { ClickHousePlace } from '../doctor/check-clickhouse.ts'
import { checkConfigFile, checkSources } from '../doctor/check-config.ts'
import { checkWrangler } from '../doctor/check-wrangler.ts'
import { type Finding, findingsOf } from '../doctor/finding.ts'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import { isNoClickHouseUrl } from '../no-clickhouse-url.ts'
import { type DeployEffects, type DeployOptions, runIn } from './effects.ts'
import type { DeployFacts, WarehouseFacts } from './facts.ts'
import { comparePlanFile } from './plan-file.ts'
import { readBundle } from './read-bundle.ts'
import { type CloudflareFacts, readCloudflare } from './read-cloudflare.ts'
import { listOptional, listWanted, readSecrets } from './secrets.ts'
import type { Warehouse } from './warehouse.ts'
import { findAccess } from './warehouse-place.ts'
import { createCommands, type WranglerCommands } from './wrangler-commands.ts'

/** The facts, and what the steps need to work on them. */
export interface Prepared {
  facts: DeployFacts
  config: MillraceConfig
  bindings: WranglerConfig
  commands: WranglerCommands
  warehouse: Warehouse
  place: ClickHousePlace
  /** Values of secrets that this machine knows, by name. */
  values: ReadonlyMap<string, string>
  /** That of the command. */
  env: DeployOptions['env']
  /** What wrangler printed of the Worker that it bundled. */
  bundled: string
}

/** Without a configuration or bindings there is nothing to prepare, only what is wrong with them. */
export type Preparation = { prepared: Prepared } | { prepared: undefined; findings: readonly Finding[] }

/**
 * Reads them.
 *
 * @param say prints a line before a question
 * @throws UsageError when a file that was typed is not there; Interrupted
 */
export async function prepare(
  options: DeployOptions,
  effects: DeployEffects,
  say: (line: string) => void,
): Promise<Preparation> {
  // A file that is not there is found out before anything that takes long.
  await readSecrets([], options, effects.readText)
  const { config, findings: ofConfig } = await checkConfigFile(options.config, effects)
  const choice = { wrangler: options.wrangler, environment: options.environment, isAlone: true }
  const { config: bindings, findings: ofWrangler } = await checkWrangler(choice, effects)
  if (config === undefined || bindings === undefined)
    return { prepared: undefined, findings: [...ofConfig, ...ofWrangler] }
  const names = [...listWanted(config, bindings).map(({ name }) => name), ...listOptional(config)]
  const { place, values } = await findAccess(names, options, bindings, { ...effects, say })
  const outside =
    options.environment === undefined ? undefined : await effects.readWrangler(options.wrangler, undefined)
  const commands = createCommands(options, bindings)
  const warehouse = effects.openWarehouse(options.config, place, options.signal)
  const run = runIn(options, effects)
  const [cloudflare, bundle, tables] = await Promise.all([
    readCloudflare(bindings, commands, run),
    effects.withFolder((folder) => readBundle(commands.dryRun, run, folder)),
    hasNoAddress(place, bindings) ? UNASKED : readWarehouse(options, warehouse),
  ])
  const findings = [
    ...[...ofConfig, ...checkSources(config), ...ofWrangler, bundle.finding],
    ...[...tables.findings, ...cloudflare.findings],
  ]
  const rest = {
    ...{ config, bindings, commands, warehouse, place, values },
    ...{ env: options.env, bundled: bundle.printed },
  }
  const known = { config, bindings, outside, place, values, cloudflare, tables: tables.facts, findings }
  const facts = combine({ options, ...known })
  return { prepared: { facts: { ...facts, bundle: bundle.size }, ...rest } }
}

const UNASKED = { facts: { state: 'unknown' } as const, findings: [] }

/** Whether nobody has to be asked to know that this cannot be deployed; what the bindings have is judged in any case. */
function hasNoAddress({ url }: ClickHousePlace, { vars }: WranglerConfig): boolean {
  return isNoClickHouseUrl(url) && isNoClickHouseUrl(String(vars?.['CLICKHOUSE_URL']))
}

async function readWarehouse(
  { skipsMigrations }: Pick<DeployOptions, 'skipsMigrations'>,
  warehouse: Warehouse,
): Promise<{ facts: WarehouseFacts; findings: Finding[] }> {
  if (skipsMigrations) return { facts: { state: 'skipped' }, findings: [] }
  const findings = await warehouse.check()
  const isAway = findings.some(({ check, state }) => check === 'address' && state === 'problem')
  if (isAway) return { facts: { state: 'unknown' }, findings }
  try {
    return { facts: { state: 'known', statements: await warehouse.plan() }, findings }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const mend = 'see what it has: `npx millrace migrate status`; use the release that belongs to it'
    const finding = findingsOf('ClickHouse').problem('tables', why, mend)
    return { facts: { state: 'unknown' }, findings: [...findings, finding] }
  }
}

function combine({
  options,
  config,
  bindings,
  outside,
  place,
  values,
  cloudflare,
  tables,
  findings,
}: {
  options: DeployOptions
  config: MillraceConfig
  bindings: WranglerConfig
  outside: WranglerConfig | undefined
  place: ClickHousePlace
  values: ReadonlyMap<string, string>
  cloudflare: CloudflareFacts
  tables: WarehouseFacts
  findings: readonly Finding[]
}): DeployFacts {
  const { account, worker, places, secrets, planText } = cloudflare
  const isUnread = account === undefined || findings.some(({ check }) => check.startsWith('plan of the last'))
  return {
    worker: { name: bindings.name ?? 'millrace', presence: worker },
    ...{ account, findings, places, warehouse: tables },
    asked: { url: place.url, database: place.database, isTyped: options.clickhouseUrl !== undefined },
    production: outside,
    secrets: { wanted: listWanted(config, bindings), set: secrets, here: new Set(values.keys()) },
    plan: isUnread ? { state: 'unknown' } : comparePlanFile(planText, config, options.allowsBreaking),
    bundle: undefined,
  }
}
