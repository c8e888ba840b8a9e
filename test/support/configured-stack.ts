/** The whole stack with the Worker of this source tree and one of the configurations in `configs/`, which can be changed. */

import { join } from 'node:path'
import type { Plugin } from 'esbuild'
import { type RunningWorker, startWorker } from '../../local/src/worker.ts'
import { ROOT } from '../../scripts/setup.mjs'
import { CLOCK_PATH } from './clock-worker.ts'
import { type CommandResult, type RunningCommand, startCommand } from './command.ts'
import { startTestStack, type TestStack } from './stack.ts'
import { withWorkerBundle } from './worker-bundle.ts'

/** A stack with the source `shop`, of a configuration in `configs/`. */
export interface ConfiguredStack {
  /** Address of the collector, whichever configuration runs there. */
  url: string
  query: TestStack['query']
  /** Posts the text of a body. */
  post: (body: string) => Promise<Response>
  /** Texts of the objects of the bucket under a prefix, by their keys. */
  readObjects: (prefix: string) => Promise<Map<string, string>>
  /** Sets the Worker's clock ahead by so much more. */
  advanceClock: (durationMs: number) => Promise<void>
  /** Runs the Worker with another configuration on the same data. What its queue holds is lost: wait for it first. */
  deploy: (config: string) => Promise<void>
  /** Starts the operator's command with the secret key of `shop` in the environment. */
  startMillrace: (...args: string[]) => RunningCommand
  /** Runs it to its end. */
  millrace: (...args: string[]) => Promise<CommandResult>
  /** What tells the commands of the quarantine where things are; a later `--endpoint` wins. */
  quarantineOptions: readonly string[]
  stop: () => Promise<void>
}

const SECRET_KEY = 'shop-secret'

const ENTRY = `
import { withClock } from './test/support/clock-worker.ts'
import worker from './worker.ts'
export { LiveAggregator } from './worker.ts'
export default withClock(worker)
`

/** Path of a file in `configs/`, relative to the root folder. */
export function configPath(config: string): string {
  return `test/support/configs/${config}.ts`
}

/** Starts it with `configs/<config>.ts`. */
export async function startConfiguredStack(config: string): Promise<ConfiguredStack> {
  const variables = { SHOP_SECRET_KEY: SECRET_KEY }
  const stack = await withBundle(config, (scriptPath) => startTestStack({ scriptPath, variables }))
  const { dataPath, clickhouseUrl } = stack
  const { url, port } = stack.worker
  let worker: RunningWorker = stack.worker
  const startMillrace = (...args: string[]) =>
    startCommand(process.execPath, ['cli/bin/millrace.mjs', ...args], { MILLRACE_SECRET_KEY: SECRET_KEY })
  return {
    url,
    query: stack.query,
    post: (body) => fetch(`${url}/v1/batch`, { method: 'POST', body }),
    async readObjects(prefix) {
      const keys = await worker.listObjects(prefix)
      const texts = await Promise.all(keys.map((key) => worker.readObject(key)))
      return new Map(keys.map((key, index) => [key, texts[index] ?? '']))
    },
    async advanceClock(durationMs) {
      const response = await fetch(`${url}${CLOCK_PATH}`, { method: 'POST', body: String(durationMs) })
      if (!response.ok) throw new Error(`setting the clock got ${response.status}`)
    },
    async deploy(next) {
      await worker.stop()
      worker = await withBundle(next, (scriptPath) =>
        startWorker({ port, dataPath, clickhouseUrl, scriptPath, variables }),
      )
    },
    startMillrace,
    millrace: (...args) => startMillrace(...args).finished,
    quarantineOptions: ['--source', 'shop', '--clickhouse-url', clickhouseUrl],
    async stop() {
      // That of the first configuration is ended by its stack, and may be ended twice.
      if (worker !== stack.worker) await worker.stop()
      await stack.stop()
    },
  }
}

function withBundle<T>(config: string, use: (scriptPath: string) => Promise<T>): Promise<T> {
  return withWorkerBundle({ entry: ENTRY, plugins: [configPlugin(config)] }, use)
}

/** Puts another configuration in the place of `millrace.config.ts`: `configs/<config>.ts`. */
export function configPlugin(config: string): Plugin {
  const path = join(ROOT, configPath(config))
  return {
    name: 'use-config',
    setup: ({ onResolve }) => onResolve({ filter: /\/millrace\.config\.ts$/ }, () => ({ path })),
  }
}
