/** Reads everything that is to be known before anything is done. Changes nothing. */

import type { MillraceConfig } from '@millrace/schemas/config'
import type { ClickHousePlace } from '../doctor/check-clickhouse.ts'
import { checkConfigFile, checkSources } from '../doctor/check-config.ts'
import { checkWrangler } from '../doctor/check-wrangler.ts'
import { type Finding, findingsOf } from '../doctor/finding.ts'
import { placeOf } from '../doctor/run-doctor.ts'
import { WAREHOUSE_PASSWORD } from '../doctor/secret-names.ts'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import { type DeployEffects, type DeployOptions, runIn } from './effects.ts'
import type { DeployFacts, WarehouseFacts } from './facts.ts'
import { comparePlanFile } from './plan-file.ts'
import { readBundle } from './read-bundle.ts'
import { type CloudflareFacts, readCloudflare } from './read-cloudflare.ts'
import { listOptional, listWanted, readSecrets } from './secrets.ts'
import type { Warehouse } from './warehouse.ts'
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
  /** What wrangler printed of the Worker that it bundled. */
  bundled: string
}

/** Without a configuration or bindings there is nothing to prepare, only what is wrong with them. */
export type Preparation = { prepared: Prepared } | { prepared: undefined; findings: readonly Finding[] }

/** Reads them. @throws Error when a file that was typed is not there */
export async function prepare(options: DeployOptions, effects: DeployEffects): Promise<Preparation> {
  // A file that is not there is found out before anything that takes long.
  await readSecrets([], options, effects.readText)
  const { config, findings: ofConfig } = await checkConfigFile(options.config, effects)
  const choice = { wrangler: options.wrangler, environment: options.environment, isAlone: true }
  const { config: bindings, findings: ofWrangler } = await checkWrangler(choice, effects)
  if (config === undefined || bindings === undefined)
    return { prepared: undefined, findings: [...ofConfig, ...ofWrangler] }
  const values = await readValues(options, config, bindings, effects)
  const known = values.get(WAREHOUSE_PASSWORD) ?? ''
  const place = placeOf(options, bindings, known)
  // Who typed the password of the Worker's own user need not give it twice.
  const isOwn = place.user === bindings.vars?.['CLICKHOUSE_USER'] && place.password !== ''
  if (isOwn && known === '') values.set(WAREHOUSE_PASSWORD, place.password)
  const commands = createCommands(options, bindings)
  const warehouse = effects.openWarehouse(options.config, place, options.signal)
  const run = runIn(options, effects)
  const [cloudflare, bundle, tables] = await Promise.all([
    readCloudflare(bindings, commands, run),
    effects.withFolder((folder) => readBundle(commands.dryRun, run, folder)),
    readWarehouse(options, warehouse),
  ])
  const findings = [
    ...[...ofConfig, ...checkSources(config), ...ofWrangler, bundle.finding],
    ...[...tables.findings, ...cloudflare.findings],
  ]
  const rest = { config, bindings, commands, warehouse, place, values, bundled: bundle.printed }
  const facts = combine({ options, config, bindings, values, cloudflare, tables: tables.facts, findings })
  return { prepared: { facts: { ...facts, bundle: bundle.size }, ...rest } }
}

async function readValues(
  options: DeployOptions,
  config: MillraceConfig,
  bindings: WranglerConfig,
  { readText }: Pick<DeployEffects, 'readText'>,
): Promise<Map<string, string>> {
  const wanted = listWanted(config, bindings).map(({ name }) => name)
  return readSecrets([...wanted, ...listOptional(config)], options, readText)
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
  values,
  cloudflare,
  tables,
  findings,
}: {
  options: DeployOptions
  config: MillraceConfig
  bindings: WranglerConfig
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
    secrets: { wanted: listWanted(config, bindings), set: secrets, here: new Set(values.keys()) },
    plan: isUnread ? { state: 'unknown' } : comparePlanFile(planText, config, options.allowsBreaking),
    bundle: undefined,
  }
}
