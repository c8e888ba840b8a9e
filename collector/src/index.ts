/** Platform entry of the collector: builds the app from a Worker's bindings, once per environment. */

import type { MillraceConfig } from '@millrace/schemas'
import { createApp } from './app.ts'
import { createEnqueue, type EventQueue } from './enqueue.ts'
import { createSources, resolveSources } from './sources.ts'

export type { CollectorDeps } from './app.ts'

/** The bindings that the collector uses. */
export interface CollectorEnv {
  MILLRACE_ENV: string
  CLICKHOUSE_URL: string
  EVENTS_QUEUE: EventQueue
  ASSETS: { fetch: (request: Request) => Promise<Response> }
}

type Handler = (request: Request) => Response | Promise<Response>

/** A `fetch` handler for the given configuration. */
export function createFetchHandler(
  config: MillraceConfig,
): (request: Request, env: CollectorEnv) => Promise<Response> {
  const handlers = new WeakMap<CollectorEnv, Handler>()
  return async (request, env) => {
    let handler = handlers.get(env)
    if (handler === undefined) {
      handler = createHandler(config, env)
      handlers.set(env, handler)
    }
    return handler(request)
  }
}

function createHandler(config: MillraceConfig, env: CollectorEnv): Handler {
  const app = createApp({
    sources: createSources(resolveSources(config, { ...env })),
    enqueue: createEnqueue({ queue: env.EVENTS_QUEUE }),
    now: Date.now,
    log: (record) => console.log(JSON.stringify(record)),
    ...(env.MILLRACE_ENV === 'development' ? { demo: (request: Request) => serveDemo(request, env) } : {}),
  })
  return (request) => app.fetch(request)
}

/** Files of the shop are static assets; every other path under `/demo/` is a view of it, so it gets the page. */
async function serveDemo(request: Request, env: CollectorEnv): Promise<Response> {
  const url = new URL(request.url)
  // The shop shows a person where to look for the events; which port that is only the environment knows.
  if (url.pathname === '/demo/clickhouse-url') return new Response(env.CLICKHOUSE_URL)
  return env.ASSETS.fetch(new Request(new URL('/demo/', url), { method: 'GET' }))
}
