/** The Worker that is deployed: collector and consumers for a configuration. Public types of `millrace/worker`. */

import type { MillraceConfig } from './config.js'

/** What the platform gives a handler beside the request. */
export interface WorkerContext {
  waitUntil(promise: Promise<unknown>): void
  passThroughOnException(): void
}

/** Messages of a queue, as the platform delivers them. */
export interface WorkerBatch {
  readonly queue: string
  readonly messages: readonly unknown[]
}

/**
 * The three handlers. Export each by name in the entry that is deployed: consumers of queues and the cron are registered
 * only for handlers that it has.
 */
export interface MillraceWorker<Env = unknown> {
  fetch(request: Request, env: Env, context: WorkerContext): Promise<Response>
  queue(batch: WorkerBatch, env: Env): Promise<void>
  scheduled(controller: unknown, env: Env, context: WorkerContext): Promise<void>
}

/**
 * Creates the handlers for a configuration; nothing is done before the first of them is called. The bindings that they
 * need are those of the `wrangler.toml` that `millrace init` writes; `millrace doctor` checks them.
 */
export function createWorker<Env = unknown>(config: MillraceConfig): MillraceWorker<Env>

/** The Durable Object that keeps live windows; the entry that is deployed exports it under this name. */
export declare class LiveAggregator {
  constructor(state: unknown, env: unknown)
}
