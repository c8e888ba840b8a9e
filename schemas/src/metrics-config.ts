/** How `/metrics` is set in `millrace.config.ts`. */

import { checkObject } from './heartbeat.ts'

/** Settings of `/metrics`. */
export interface MetricsConfig {
  /** Name of the Worker secret that holds its token. Default `METRICS_TOKEN`. While it is not set, there is no `/metrics`. */
  tokenVar?: string
}

/** Name of the secret unless the configuration names another. */
export const METRICS_TOKEN_VAR = 'METRICS_TOKEN'

const VAR_NAME = /^[A-Z][A-Z0-9_]{0,127}$/

/** @throws TypeError or RangeError naming the option, the rule and the value */
export function checkMetrics(config: unknown): void {
  checkObject(config, 'metrics', ['tokenVar'], 'an object')
  const { tokenVar } = config as MetricsConfig
  if (tokenVar === undefined || (typeof tokenVar === 'string' && VAR_NAME.test(tokenVar))) return
  const rule = 'must be the name of a Worker secret such as METRICS_TOKEN'
  throw new RangeError(`metrics.tokenVar ${rule}, got ${JSON.stringify(tokenVar)}`)
}
