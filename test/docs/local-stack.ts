/** The stack that the docs' commands talk to: the Worker of this source tree with the configuration of the project. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'
import { ROOT } from '../../scripts/setup.mjs'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { withWorkerBundle } from '../support/worker-bundle.ts'
import type { Block } from './blocks.ts'
import { findSettingSources, makeProject, secretKeyVar } from './project.ts'
import { seed } from './seed.ts'
import type { ShellWorld } from './session-script.ts'
import { writeShims } from './shims.ts'

/** The stack, and a shell to run pages in. */
export interface DocsStack {
  stack: TestStack
  world: ShellWorld
  stop: () => Promise<void>
}

const ENTRY = `export { default, LiveAggregator } from './worker.ts'`

/** Keys that the docs use for their examples; those of settings have the name of their source behind. */
export const SECRET_KEY = 'shop-secret'
export const READ_TOKEN = 'shop-read'
export const METRICS_TOKEN = 'try'

/** Starts it, with a project made from the blocks. */
export async function startDocsStack(blocks: readonly Block[]): Promise<DocsStack> {
  const folder = await makeProject(blocks)
  const variables = buildVariables(blocks)
  const stack = await withWorkerBundle({ entry: ENTRY, plugins: [projectPlugin(folder)] }, (scriptPath) =>
    startTestStack({ scriptPath, variables }),
  )
  const places = { workerUrl: stack.worker.url, clickhouseUrl: stack.clickhouseUrl }
  const temporary = await mkdtemp(join(tmpdir(), 'millrace-docs-'))
  const [shims, outputs] = [join(temporary, 'shims'), join(temporary, 'outputs')]
  await writeShims(shims, places)
  await mkdir(outputs)
  await seed(stack, SECRET_KEY)
  const env = {
    HOME: temporary,
    CLICKHOUSE_URL: stack.clickhouseUrl,
    MILLRACE_SECRET_KEY: SECRET_KEY,
    MILLRACE_READ_TOKEN: READ_TOKEN,
    PII_SECRET: variables['PII_SECRET'] ?? '',
    NODE_COMPILE_CACHE: join(temporary, 'compiled'),
    WRANGLER_SEND_METRICS: 'false',
  }
  return {
    stack,
    world: { ...places, folder, shims, outputs: `${outputs}/`, env },
    async stop() {
      await stack.stop()
      await rm(temporary, { recursive: true, force: true })
    },
  }
}

/** Secrets of the Worker, as the pages have them. */
function buildVariables(blocks: readonly Block[]): Record<string, string> {
  const ofSettings = findSettingSources(blocks).map(({ name }) => [
    secretKeyVar(name),
    `${SECRET_KEY}-${name}`,
  ])
  return {
    ...Object.fromEntries(ofSettings),
    SHOP_SECRET_KEY: SECRET_KEY,
    SHOP_READ_TOKEN: READ_TOKEN,
    PII_SECRET: 'try-secret',
    METRICS_TOKEN,
    CLICKHOUSE_USER: 'default',
  }
}

/** The project's configuration in the place of the repository's own. */
function projectPlugin(folder: string): Plugin {
  return {
    name: 'use-project',
    setup({ onResolve }) {
      onResolve({ filter: /\/millrace\.config\.ts$/ }, () => ({ path: join(folder, 'millrace.config.ts') }))
      onResolve({ filter: /^millrace\/config$/ }, () => ({ path: join(ROOT, 'schemas/src/config.ts') }))
    },
  }
}
