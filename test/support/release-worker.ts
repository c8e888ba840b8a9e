/**
 * Runs inside workerd, around the Worker: nothing that it sends reaches a queue, it is kept for a test, which delivers messages
 * as it likes, in any order and as often as it likes. Sinks, bucket and live objects are the real ones, and fail when told to.
 */

/** Where a test gives its orders; the Worker behind never sees them. */
export const RELEASE_PATH = '/test-release'

/** One of the three queues. */
export type QueueName = 'events' | 'retry' | 'dead'

/** What the Worker sent to a queue. */
export interface Sent {
  queue: QueueName
  body: string
  delaySeconds?: number
}

/** A message to be delivered. */
export interface GoldenMessage {
  id: string
  body: string
  /** When it was sent, ISO 8601. Default now. */
  timestamp?: string
  /** How often it was delivered, from 1. Default 1. */
  attempts?: number
}

/** What the handler did with the messages of one batch. */
export interface Handled {
  acked: string[]
  retried: string[]
}

/** An object of the bucket, its content in Base64. */
export interface BucketObject {
  key: string
  base64: string
  customMetadata: Record<string, string>
}

/** What fails: the queue `events`, every live object, or what is written to the bucket under a prefix. */
export type Failing = 'queue' | 'live' | `bucket:${string}`

/** What a test asks for, and what it gets. */
export interface Orders {
  /** Gives a batch to the queue handler. */
  deliver: [request: { queue: QueueName; messages: GoldenMessage[] }, reply: Handled]
  /** Takes what was sent since the last time. */
  take: [request: object, reply: Sent[]]
  /** From now on these fail, and nothing else. */
  fail: [request: { what: Failing[] }, reply: object]
  put: [request: { objects: BucketObject[] }, reply: object]
  list: [request: { prefix: string }, reply: BucketObject[]]
  /** Statements that make the SQLite of a source's object what it is. */
  dump: [request: { source: string }, reply: string[]]
}

type SqlValue = string | number | ArrayBuffer | null

/** What is used of the storage of a Durable Object. */
interface LiveContext {
  id: { name?: string }
  storage: { sql: { exec: (statement: string) => { toArray: () => Record<string, SqlValue>[] } } }
}

interface ReleaseEnv {
  EVENTS_QUEUE: object
  RETRY_QUEUE: object
  DEAD_QUEUE: object
  LAKE: {
    put: (key: string, value: unknown, options?: object) => Promise<unknown>
    get: (key: string) => Promise<{ arrayBuffer: () => Promise<ArrayBuffer> } | null>
    list: (
      options: object,
    ) => Promise<{ objects: { key: string; customMetadata?: Record<string, string> }[] }>
  }
  LIVE: { getByName: (source: string) => { dump: () => Promise<string[]> } }
}

interface Handlers {
  fetch: (request: Request, env: ReleaseEnv, context: unknown) => Promise<Response>
  queue: (batch: unknown, env: ReleaseEnv, context: unknown) => Promise<unknown>
  scheduled: (controller: unknown, env: ReleaseEnv, context: unknown) => Promise<unknown>
}

interface World {
  env: ReleaseEnv
  sent: Sent[]
  failing: Set<Failing>
}

/** The handlers of the Worker, for tests with golden files. */
export function withRelease(handlers: Handlers): Handlers {
  const worlds = new WeakMap<ReleaseEnv, World>()
  const worldOf = (env: ReleaseEnv) => {
    const world = worlds.get(env) ?? createWorld(env)
    worlds.set(env, world)
    return world
  }
  return {
    async fetch(request, env, context) {
      const world = worldOf(env)
      if (new URL(request.url).pathname !== RELEASE_PATH) return handlers.fetch(request, world.env, context)
      const { order, ...rest } = (await request.json()) as { order: keyof Orders }
      const deliver = (queue: string, messages: readonly unknown[]) =>
        handlers.queue({ queue: `millrace-${queue}`, messages }, world.env, context)
      return Response.json(await carryOut(order, rest, { world, env, deliver }))
    },
    // Nothing comes by a queue: what was sent is kept.
    queue: async () => {},
    scheduled: (controller, env, context) => handlers.scheduled(controller, worldOf(env).env, context),
  }
}

interface Tools {
  world: World
  /** Without faults. */
  env: ReleaseEnv
  deliver: (queue: string, messages: readonly unknown[]) => Promise<unknown>
}

async function carryOut(order: keyof Orders, request: object, tools: Tools): Promise<unknown> {
  const { world, env } = tools
  switch (order) {
    case 'deliver':
      return deliverMessages(request as Orders['deliver'][0], tools)
    case 'take':
      return world.sent.splice(0)
    case 'fail':
      world.failing = new Set((request as Orders['fail'][0]).what)
      return {}
    case 'put':
      for (const { key, base64, customMetadata } of (request as Orders['put'][0]).objects) {
        const bytes = Uint8Array.from(atob(base64), (digit) => digit.charCodeAt(0))
        await env.LAKE.put(key, bytes, { customMetadata })
      }
      return {}
    case 'list':
      return listObjects(env, (request as Orders['list'][0]).prefix)
    case 'dump':
      return env.LIVE.getByName((request as Orders['dump'][0]).source).dump()
  }
}

async function deliverMessages(
  { queue, messages }: Orders['deliver'][0],
  { deliver }: Tools,
): Promise<Handled> {
  const handled: Handled = { acked: [], retried: [] }
  const incoming = messages.map(({ id, body, attempts = 1, timestamp }) => ({
    ...{ id, body, attempts, timestamp: timestamp === undefined ? new Date() : new Date(timestamp) },
    ack: () => void handled.acked.push(id),
    retry: () => void handled.retried.push(id),
  }))
  await deliver(queue, incoming)
  return handled
}

async function listObjects(env: ReleaseEnv, prefix: string): Promise<BucketObject[]> {
  const { objects } = await env.LAKE.list({ prefix, include: ['customMetadata'] })
  const found: BucketObject[] = []
  for (const { key, customMetadata = {} } of objects) {
    const bytes = new Uint8Array((await (await env.LAKE.get(key))?.arrayBuffer()) ?? [])
    const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    found.push({ key, base64, customMetadata })
  }
  return found
}

function createWorld(env: ReleaseEnv): World {
  const { EVENTS_QUEUE, RETRY_QUEUE, DEAD_QUEUE, LAKE, LIVE } = env
  const isFailing = (what: Failing) => world.failing.has(what)
  const keep = (queue: QueueName, real: object) => {
    const send = async (body: string, { delaySeconds }: { delaySeconds?: number } = {}) => {
      if (queue === 'events' && isFailing('queue')) throw new Error('the queue is away')
      world.sent.push({ queue, body, ...(delaySeconds === undefined ? {} : { delaySeconds }) })
    }
    const sendBatch = async (messages: { body: string }[]) => {
      for (const { body } of messages) await send(body)
    }
    return withMethods(real, { send, sendBatch })
  }
  const put: ReleaseEnv['LAKE']['put'] = async (key, value, options) => {
    for (const what of world.failing) {
      if (what.startsWith('bucket:') && key.startsWith(what.slice('bucket:'.length)))
        throw new Error('the bucket is away')
    }
    return LAKE.put(key, value, options)
  }
  const getByName = (source: string) => {
    if (isFailing('live')) throw new Error('the live object is away')
    return LIVE.getByName(source)
  }
  const world: World = {
    sent: [],
    failing: new Set(),
    env: {
      ...env,
      EVENTS_QUEUE: keep('events', EVENTS_QUEUE),
      RETRY_QUEUE: keep('retry', RETRY_QUEUE),
      DEAD_QUEUE: keep('dead', DEAD_QUEUE),
      LAKE: withMethods(LAKE, { put }),
      LIVE: withMethods(LIVE, { getByName }),
    },
  }
  return world
}

/** A binding with some methods replaced; the others are called on the binding itself, which would take nobody else. */
function withMethods<T extends object>(real: T, methods: Partial<Record<string, unknown>>): T {
  return new Proxy(real, {
    get(target, name) {
      if (typeof name === 'string' && name in methods) return methods[name]
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Runs the statements of {@link dumpSql} in an object that has no tables of ours yet: before its class looks at them. */
export function restoreSql({ storage: { sql } }: LiveContext, statements: readonly string[]): void {
  if (sql.exec(OWN_TABLES).toArray().length > 0) return
  for (const statement of statements) sql.exec(statement)
}

/** Statements, a line each, that make tables and rows of an object as they are. */
export function dumpSql({ storage: { sql } }: LiveContext): string[] {
  return sql
    .exec(OWN_TABLES)
    .toArray()
    .flatMap(({ name, sql: create }) => {
      const rows = sql.exec(`SELECT * FROM ${String(name)}`).toArray()
      const inserts = rows.map(
        (row) => `INSERT INTO ${String(name)} VALUES (${Object.values(row).map(writeSql).join(', ')})`,
      )
      return [String(create).replace(/\s+/g, ' '), ...inserts]
    })
}

/** Without those of the platform. */
const OWN_TABLES = `SELECT name, sql FROM sqlite_master
  WHERE sql IS NOT NULL AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type DESC, name`

/** A value as SQL writes it. A line feed in a text would break the line: JSON has none. */
function writeSql(value: SqlValue | undefined): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  return `x'${Array.from(new Uint8Array(value), (byte) => byte.toString(16).padStart(2, '0')).join('')}'`
}
