/** The SDKs that are measured beside each other, each as one script that exposes `window.sdk` in the same way. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from '../../../scripts/setup.mjs'

/** Names of the SDKs; `millrace/tiny` is only there once it is built. */
export type SdkName =
  | 'millrace'
  | 'millrace/tiny'
  | 'segment'
  | 'rudderstack'
  | 'posthog'
  | 'snowplow'
  | 'amplitude'
  | 'mixpanel'
  | 'plausible'
  | 'openpanel'

/** An SDK of the comparison. */
export interface Sdk {
  name: SdkName
  /** Name on npm. */
  package: string
  version: string
  /** As its package states it. */
  license: string
  /** Entry in `pages/` that starts it and makes its calls. */
  entry: string
  /** File to take for `package` instead of what its name resolves to. */
  file?: string
  /** Imports left as they are: what is only loaded on demand, and by the defaults never. */
  onDemand?: string[]
  /** The vendor's own minified file in the package, relative to the repository, where there is one. */
  published?: string
  /**
   * Where the server finds what it dedupes by, for readers; `find-events.ts` looks for all of them. Undefined where
   * nothing is sent, so that each delivery counts.
   */
  dedupeKey?: string
}

type Row = Omit<Sdk, 'version' | 'license'>

const TINY = 'sdk-web/dist/tiny.js'

/** Umami's tracker is missing: it is not on npm. */
const ROWS: readonly Row[] = [
  {
    name: 'millrace',
    package: '@millrace/web',
    entry: 'millrace.ts',
    published: 'sdk-web/dist/index.js',
    dedupeKey: '<stream>-<firstSeq + index>',
  },
  {
    name: 'millrace/tiny',
    package: '@millrace/web',
    entry: 'millrace.ts',
    file: TINY,
    published: TINY,
    dedupeKey: '<stream>-<firstSeq + index>',
  },
  {
    name: 'segment',
    package: '@segment/analytics-next',
    entry: 'segment.ts',
    published: 'node_modules/@segment/analytics-next/dist/umd/standalone.js',
    dedupeKey: 'messageId',
  },
  {
    name: 'rudderstack',
    package: '@rudderstack/analytics-js',
    entry: 'rudderstack.ts',
    dedupeKey: 'messageId',
  },
  {
    name: 'posthog',
    package: 'posthog-js',
    entry: 'posthog.ts',
    published: 'node_modules/posthog-js/dist/array.js',
    dedupeKey: 'uuid',
  },
  {
    name: 'snowplow',
    package: '@snowplow/browser-tracker',
    entry: 'snowplow.ts',
    published: 'node_modules/@snowplow/browser-tracker/dist/index.umd.min.js',
    dedupeKey: 'eid',
  },
  {
    name: 'amplitude',
    package: '@amplitude/analytics-browser',
    entry: 'amplitude.ts',
    published: 'node_modules/@amplitude/analytics-browser/lib/scripts/amplitude-min.js',
    dedupeKey: 'insert_id',
  },
  {
    name: 'mixpanel',
    package: 'mixpanel-browser',
    entry: 'mixpanel.ts',
    published: 'node_modules/mixpanel-browser/dist/mixpanel.min.js',
    dedupeKey: '$insert_id',
  },
  {
    name: 'plausible',
    package: '@plausible-analytics/tracker',
    entry: 'plausible.ts',
    published: 'node_modules/@plausible-analytics/tracker/plausible.js',
  },
  { name: 'openpanel', package: '@openpanel/web', entry: 'openpanel.ts', onDemand: ['./replay-*'] },
]

/** The table, ours first; without `millrace/tiny` where that is not built. */
export function listSdks(): Sdk[] {
  return ROWS.filter(({ file }) => file === undefined || existsSync(join(ROOT, file))).map((row) => ({
    ...row,
    ...readManifest(row.package),
  }))
}

/**
 * Bundles an SDK and its entry into one script for browsers: IIFE, minified, with all that its vendor would load later (but `onDemand`).
 *
 * @throws Error of esbuild when something cannot be resolved
 */
export async function bundleSdk({ package: name, entry, file, onDemand = [] }: Sdk): Promise<string> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, 'pages', entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    external: onDemand,
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
    ...(file === undefined ? {} : { alias: { [name]: join(ROOT, file) } }),
  })
  const [output] = result.outputFiles
  if (output === undefined) throw new Error(`esbuild gave no file for ${name}`)
  return output.text
}

function readManifest(name: string): Pick<Sdk, 'version' | 'license'> {
  const text = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')
  const { version, license = 'none' } = JSON.parse(text) as { version: string; license?: string }
  return { version, license }
}
