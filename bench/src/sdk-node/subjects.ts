/** The SDKs that are measured beside each other, ours first. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/setup.mjs'

/** An SDK of the comparison. */
export interface ServerSdk {
  /** File in `subjects/`, and the row of the table. */
  name: string
  /** Name on npm. */
  package: string
  version: string
  /** Whether it has `flush()`; where not, what each call has promised is awaited. */
  hasFlush: boolean
}

/** Name of ours: aims are for it alone. */
export const OURS = 'millrace'

const ROWS: readonly Omit<ServerSdk, 'version'>[] = [
  { name: OURS, package: '@millrace/node', hasFlush: true },
  { name: 'segment', package: '@segment/analytics-node', hasFlush: true },
  { name: 'rudderstack', package: '@rudderstack/rudder-sdk-node', hasFlush: true },
  { name: 'posthog', package: 'posthog-node', hasFlush: true },
  { name: 'snowplow', package: '@snowplow/node-tracker', hasFlush: true },
  { name: 'amplitude', package: '@amplitude/analytics-node', hasFlush: true },
  { name: 'mixpanel', package: 'mixpanel', hasFlush: false },
  { name: 'jitsu', package: '@jitsu/js', hasFlush: false },
  { name: 'openpanel', package: '@openpanel/sdk', hasFlush: false },
]

/** All of them, or those named in `MILLRACE_BENCH_SDKS`, as `millrace,segment`. */
export function listServerSdks(): ServerSdk[] {
  const wanted = process.env['MILLRACE_BENCH_SDKS']?.split(',')
  return ROWS.filter(({ name }) => wanted?.includes(name) ?? true).map((row) => ({
    ...row,
    version: readVersion(row.package),
  }))
}

function readVersion(name: string): string {
  const text = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
