/** The whole stack with the Worker of this source tree and the configuration of a release, for what that release left behind. */

import { join } from 'node:path'
import type { StackOptions } from '@millrace/local/stack'
import { ROOT } from '../../scripts/setup.mjs'
import { CLOCK_PATH } from './clock-worker.ts'
import { writeClockedEntry } from './clocked-entry.ts'
import { type Orders, RELEASE_PATH } from './release-worker.ts'
import { startTestStack, type TestStack } from './stack.ts'
import { withWorkerBundle } from './worker-bundle.ts'

/** A stack whose queues are the test's. */
export interface ReleaseStack extends TestStack {
  /** Gives an order to the Worker's surroundings. */
  order: <Name extends keyof Orders>(order: Name, request: Orders[Name][0]) => Promise<Orders[Name][1]>
  /** Sets the Worker's clock ahead by so many milliseconds more, and wakes the live object of the source `shop`. Gives how far it is ahead. */
  advanceClock: (ms: number) => Promise<number>
  /** The Worker's time, milliseconds since 1970. */
  now: () => number
  /** Asks the Worker with the secret key, or the read token, of the source `shop`. */
  ask: (path: string, init?: RequestInit & { as?: 'operator' | 'reader' }) => Promise<Response>
}

/** Options of {@link startReleaseStack}. */
export interface ReleaseOptions {
  /** Configuration, relative to the root folder. */
  config: string
  /** What the Worker's clock says when it starts, milliseconds since 1970. Default: the real time. */
  startAt?: number
  /** SQL statements by source that its live object begins with. */
  live?: Record<string, readonly string[]>
  variables?: Record<string, string>
  /** Of the stack. */
  stack?: Partial<StackOptions>
}

/** Secrets of the source `shop` of a release's configuration. */
export const RELEASE_SECRETS = { SHOP_SECRET_KEY: 'shop-secret', SHOP_READ_TOKEN: 'shop-read' }

/** Starts it. */
export async function startReleaseStack({
  config,
  startAt,
  live = {},
  variables = {},
  stack: options = {},
}: ReleaseOptions): Promise<ReleaseStack> {
  const aheadMs = startAt === undefined ? 0 : startAt - Date.now()
  const stack = await withWorkerBundle(
    { entry: entryOf(aheadMs, live), plugins: [releaseConfigPlugin(config)] },
    (scriptPath) =>
      startTestStack({ scriptPath, ...options, variables: { ...RELEASE_SECRETS, ...variables } }),
  )
  const { url } = stack.worker
  let ahead = aheadMs
  return {
    ...stack,
    async order(order, request) {
      const response = await fetch(url + RELEASE_PATH, {
        method: 'POST',
        body: JSON.stringify({ order, ...request }),
      })
      if (!response.ok) throw new Error(`${order} got ${response.status}: ${await response.text()}`)
      return response.json() as Promise<never>
    },
    async advanceClock(ms) {
      const response = await fetch(url + CLOCK_PATH, { method: 'POST', body: String(ms) })
      if (!response.ok) throw new Error(`setting the clock got ${response.status}`)
      ahead = Number(await response.text())
      return ahead
    },
    now: () => Date.now() + ahead,
    ask: (path, { as = 'operator', headers = {}, ...init } = {}) => {
      const key = as === 'operator' ? RELEASE_SECRETS.SHOP_SECRET_KEY : RELEASE_SECRETS.SHOP_READ_TOKEN
      return fetch(url + path, {
        ...init,
        headers: { authorization: `Bearer ${key}`, ...(headers as Record<string, string>) },
      })
    },
  }
}

/** Puts a release's configuration in the place of `millrace.config.ts`. */
function releaseConfigPlugin(config: string) {
  const path = join(ROOT, config)
  return {
    name: 'use-config',
    setup: ({ onResolve }: import('esbuild').PluginBuild) =>
      void onResolve({ filter: /\/millrace\.config\.ts$/ }, () => ({ path })),
  }
}

function entryOf(aheadMs: number, live: Record<string, readonly string[]>): string {
  return writeClockedEntry({
    imports: `import { dumpSql, restoreSql, withRelease } from './test/support/release-worker.ts'
import worker, { LiveAggregator as Base } from './worker.ts'
const LIVE = ${JSON.stringify(live)}`,
    handlers: 'withRelease(worker)',
    aheadMs,
    sources: ['shop'],
    beforeObject: 'restoreSql(context, LIVE[context.id.name] ?? [])',
    methods: 'dump() { return dumpSql(this.ctx) }',
  })
}
