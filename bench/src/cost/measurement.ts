/** What it costs: operations counted on the real stack, times published prices. */

import { join } from 'node:path'
import { unstable_readConfig } from 'wrangler'
import { ROOT } from '../../../scripts/setup.mjs'
import type { Measurement } from '../measure.ts'
import { runAll } from './all-runs.ts'
import { readOrCount } from './counts-file.ts'
import { describeCost } from './lines.ts'
import { areInvocationsLogged } from './log-settings.ts'

/** Measures; about 20 minutes, or none with counts of before. Needs Linux and two cores. */
export const measureCost: Measurement = async (report) => {
  const isLogged = readInvocationLogs()
  report(`the log keeps ${isLogged ? 'a line of each invocation' : 'no line of invocations'}`)
  return describeCost(await readOrCount(() => runAll(report)), { areInvocationsLogged: isLogged })
}

/** As it is deployed. */
function readInvocationLogs(): boolean {
  // It would remark on secrets that only a deployment has.
  process.env['WRANGLER_LOG'] ??= 'error'
  return areInvocationsLogged(unstable_readConfig({ config: join(ROOT, 'wrangler.toml') }).observability)
}
