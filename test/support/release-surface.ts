/** The names that pages, servers and projects use of the packages: what a release may add to and takes nothing from. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { createMillrace as createServerClient } from '@millrace/node'
import { createMillrace as createPageClient } from '@millrace/web'
import { unstable_readConfig } from 'wrangler'
import { ROOT } from '../../scripts/setup.mjs'
import { readBuilt } from './sdk-site.ts'

/** Names by what they are of. */
export type Surface = Record<string, string[]>

/** The names of this tree. The SDKs are looked at as they were built. */
export function describeSurface(): Surface {
  const options = { writeKey: 'wk', endpoint: 'https://events.example.com' }
  const page: { millrace?: object } = {}
  runInNewContext(readBuilt('stub.js'), { window: page })
  return {
    'client of @millrace/web': Object.keys(createPageClient(options)).sort(),
    'commands of the paste-in snippet': Object.keys(page.millrace ?? {}).sort(),
    'client of @millrace/node': Object.keys(
      createServerClient({ ...options, handleSignals: false, flushOnExit: false }),
    ).sort(),
    'entries of @millrace/web': entriesOf('sdk-web'),
    'entries of @millrace/node': entriesOf('sdk-node'),
    'entries of millrace': entriesOf('cli'),
    'bindings of the Worker': describeBindings(),
  }
}

function entriesOf(folder: string): string[] {
  const text = readFileSync(join(ROOT, folder, 'package.json'), 'utf8')
  const { exports } = JSON.parse(text) as { exports: Record<string, unknown> }
  return Object.keys(exports).sort()
}

/** What is read of `wrangler.toml`. */
interface WranglerConfig {
  durable_objects: { bindings: { name: string; class_name: string }[] }
  queues: { producers?: { binding: string }[] | undefined }
  r2_buckets: { binding: string }[]
  services?: { binding: string }[] | undefined
  migrations: { tag: string; new_sqlite_classes?: string[] | undefined }[]
}

/** Bindings of `wrangler.toml` by kind and name, and the classes of Durable Objects by the migration that brought them. */
function describeBindings(): string[] {
  const config: WranglerConfig = unstable_readConfig(
    { config: join(ROOT, 'wrangler.toml') },
    { hideWarnings: true },
  )
  const { durable_objects: objects, queues, r2_buckets: buckets, migrations, services = [] } = config
  return [
    ...objects.bindings.map(({ name, class_name }) => `durable object ${name} of class ${class_name}`),
    ...(queues.producers ?? []).map(({ binding }) => `queue ${binding}`),
    ...buckets.map(({ binding }) => `bucket ${binding}`),
    ...services.map(({ binding }) => `service ${binding}`),
    ...migrations.map(
      ({ tag, new_sqlite_classes: classes = [] }) => `migration ${tag} with ${classes.join(', ')}`,
    ),
  ].sort()
}
