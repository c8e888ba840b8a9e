/** The bindings of the consumers, and what is made of them: in one place for handlers, jobs and metrics. */

import {
  encodeLogLine,
  type LogRecord,
  type MillraceConfig,
  type ResolvedHeartbeat,
  resolveHeartbeat,
} from '@millrace/schemas'
import type { DeadLetterBucket } from './dead-handler.ts'
import type { LakeBucket } from './lake/bucket.ts'
import type { LiveObject } from './live/rpc.ts'
import type { LookupsBucket } from './lookups/load-lookups.ts'
import type { MeasuredQueue } from './metrics/stores.ts'
import type { QuarantineBucket } from './quarantine/sink.ts'
import type { OutgoingQueue } from './queue.ts'
import type { SpillBucket, SpillQueue } from './spill.ts'
import { connectionOf } from './statements.ts'
import { createWarehouse, type Warehouse } from './warehouse/insert.ts'

/** The bindings that the consumers use. */
export interface ConsumersEnv {
  MILLRACE_ENV: string
  CLICKHOUSE_URL: string
  CLICKHOUSE_USER: string
  CLICKHOUSE_PASSWORD: string
  CLICKHOUSE_DATABASE: string
  EVENTS_QUEUE: SpillQueue & MeasuredQueue
  RETRY_QUEUE: OutgoingQueue & MeasuredQueue
  DEAD_QUEUE: OutgoingQueue & MeasuredQueue
  LAKE: DeadLetterBucket & QuarantineBucket & SpillBucket & LookupsBucket & LakeBucket
  /** Objects that keep live windows, by the names of sources. */
  LIVE: { getByName: (source: string) => LiveObject }
  /** The Worker itself, as a service binding; a deployment may have none. */
  SELF?: { fetch: (request: Request) => Promise<Response> }
  /** `off`: this environment sends no heartbeat, whatever the configuration says; `on`: also in development, where none is sent else. */
  MILLRACE_HEARTBEAT?: string
}

/** A function that makes something of an environment once, which is once an isolate. */
export function oncePerEnv<T>(make: (env: ConsumersEnv) => T): (env: ConsumersEnv) => T {
  const made = new WeakMap<ConsumersEnv, { value: T }>()
  return (env) => {
    const known = made.get(env) ?? { value: make(env) }
    made.set(env, known)
    return known.value
  }
}

/** Names of the sources that there are; the one of development is in no configuration. */
export function sourcesOf({ sources }: MillraceConfig, { MILLRACE_ENV }: ConsumersEnv): string[] {
  const names = sources.map(({ name }) => name)
  return MILLRACE_ENV === 'development' ? [...names, 'dev'] : names
}

/** How heartbeats are sent; `undefined` where there are to be none. */
export function heartbeatSettings(
  { heartbeat }: MillraceConfig,
  env: ConsumersEnv,
): ResolvedHeartbeat | undefined {
  // Who tries it out counts all rows of `events`, and means their own.
  const { MILLRACE_HEARTBEAT: wish = env.MILLRACE_ENV === 'development' ? 'off' : 'on' } = env
  return wish === 'off' ? undefined : resolveHeartbeat(heartbeat)
}

/** The warehouse of an environment. */
export function connect(env: ConsumersEnv): Warehouse {
  return createWarehouse(connectionOf(env))
}

/** Writes a line of the log. */
export function log(record: LogRecord): void {
  console.log(encodeLogLine(record))
}
