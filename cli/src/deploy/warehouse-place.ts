/** Finds out as whom ClickHouse is asked from this machine, and with which password: that of the Worker, or another's who migrates. */

import type { ClickHousePlace } from '../doctor/check-clickhouse.ts'
import { placeOf } from '../doctor/run-doctor.ts'
import { WAREHOUSE_PASSWORD } from '../doctor/secret-names.ts'
import type { WranglerConfig } from '../doctor/wrangler-config.ts'
import { isNoClickHouseUrl } from '../no-clickhouse-url.ts'
import type { DeployEffects, DeployOptions } from './effects.ts'
import { readSecrets } from './secrets.ts'

/** What was found. */
export interface WarehouseAccess {
  place: ClickHousePlace
  /** Values of secrets that this machine knows, by name. */
  values: Map<string, string>
}

/** What it is found by. */
export interface AccessWorld extends Pick<DeployEffects, 'readText' | 'askSecret'> {
  /** Prints a line before a question. */
  say: (line: string) => void
}

/**
 * Reads the values of secrets, and asks for the password of ClickHouse where it is needed, nobody knows it and somebody is
 * there. The variable CLICKHOUSE_PASSWORD belongs to the user who migrates: where that is not the Worker's own, it is not
 * the Worker's secret.
 *
 * @throws UsageError when a file was typed that is not there; Interrupted
 */
export async function findAccess(
  names: readonly string[],
  options: DeployOptions,
  bindings: WranglerConfig,
  world: AccessWorld,
): Promise<WarehouseAccess> {
  const { env } = options
  const { user } = placeOf(options, bindings, '')
  const isOwn = user === bindings.vars?.['CLICKHOUSE_USER']
  const isTheirs = !isOwn && options.password === undefined
  const secretsEnv = isTheirs ? { ...env, [WAREHOUSE_PASSWORD]: undefined } : env
  const values = await readSecrets(names, { ...options, env: secretsEnv }, world.readText)
  const known = (isTheirs ? env[WAREHOUSE_PASSWORD] : values.get(WAREHOUSE_PASSWORD)) ?? ''
  const found = placeOf(options, bindings, known)
  const password = found.password || (await askPassword(found, isOwn, options, world))
  // Who gave the password of the Worker's own user need not give it twice.
  if (isOwn && password !== '' && !values.has(WAREHOUSE_PASSWORD)) values.set(WAREHOUSE_PASSWORD, password)
  return { place: { ...found, password }, values }
}

/** Empty where ClickHouse asks for none, where there is none yet, and where nobody can be asked: then ClickHouse says so. */
async function askPassword(
  { url, user }: ClickHousePlace,
  isOwn: boolean,
  { hasTerminal, skipsMigrations, skipsProof, isDryRun }: DeployOptions,
  { say, askSecret }: AccessWorld,
): Promise<string> {
  const isNeeded = !skipsMigrations || !(skipsProof || isDryRun)
  if (!isNeeded || !hasTerminal || !URL.canParse(url) || isNoClickHouseUrl(url)) return ''
  const name = isOwn ? WAREHOUSE_PASSWORD : 'Password'
  say(`ClickHouse has to be asked what it lacks, and the password of ${user} is not known here`)
  return (await askSecret(`${name} (of ${user} at ${new URL(url).host}; what you type is not shown):`)).trim()
}
