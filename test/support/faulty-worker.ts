/**
 * Runs inside workerd, around the Worker: queue and bucket misbehave as a test says. Each name in the header
 * {@link ISOLATE_HEADER} is an isolate of its own to the collector, with its own faults and its own memory of failed sends;
 * the cron is the isolate {@link CRON_ISOLATE}. What consumers write is left alone.
 */

/**
 * What becomes of a write. `refuse` rejects, `throw` throws before there is a promise, `hang` never settles,
 * `hang-then-land` is done after {@link LATE_MS}, `land-then-refuse` is done and rejects all the same. `half` does every
 * other write; of the rest it does half of the messages, rounded down, and rejects.
 */
export type Fault = 'none' | 'refuse' | 'throw' | 'hang' | 'hang-then-land' | 'land-then-refuse' | 'half'

/** How an isolate fares. */
export interface Faults {
  queue: Fault
  bucket: Fault
}

/** Body of a POST to {@link FAULTS_PATH}. */
export interface FaultsOrder extends Faults {
  isolate: string
}

/** Answer to a GET of {@link FAULTS_PATH}. */
export interface FaultsReport {
  /** Writes that hang now and will land. */
  lateCount: number
}

/** Where a test sets and reads them; the Worker behind never sees it. */
export const FAULTS_PATH = '/test-faults'

/** Says which isolate a request meets. Without it: one called `''`, which has no faults unless they are set. */
export const ISOLATE_HEADER = 'x-test-isolate'

export const CRON_ISOLATE = 'cron'

/** Over the 5 s that the collector waits for the queue, and the 4 s for the bucket. */
export const LATE_MS = 6_000

type Message = { body: string; contentType: 'text' }

/** The bindings that are replaced. */
interface FaultyEnv {
  EVENTS_QUEUE: { sendBatch: (messages: Message[]) => Promise<unknown> }
  LAKE: Record<
    'head' | 'get' | 'put' | 'list' | 'delete' | 'createMultipartUpload',
    (...args: unknown[]) => Promise<unknown>
  >
}

interface Handlers {
  fetch: (request: Request, env: FaultyEnv, context: unknown) => Promise<Response>
  queue: (batch: unknown, env: FaultyEnv) => Promise<unknown>
  scheduled: (controller: unknown, env: FaultyEnv) => Promise<unknown>
}

/** Effects of {@link withFaults}. */
export interface FaultyEffects {
  /** Keeps a request's context alive for a promise, whichever request is running. */
  waitUntil: (promise: Promise<unknown>) => void
}

/** The handlers of the Worker, with faults. */
export function withFaults(handlers: Handlers, { waitUntil }: FaultyEffects): Handlers {
  const worlds = new WeakMap<FaultyEnv, World>()
  const worldOf = (env: FaultyEnv) => {
    const world = worlds.get(env) ?? createWorld(env, waitUntil)
    worlds.set(env, world)
    return world
  }
  return {
    async fetch(request, env, context) {
      const world = worldOf(env)
      if (new URL(request.url).pathname === FAULTS_PATH) return answerOrder(request, world)
      const isolate = request.headers.get(ISOLATE_HEADER) ?? ''
      return handlers.fetch(request, world.isolate(isolate).env, context)
    },
    queue: (batch, env) => handlers.queue(batch, env),
    scheduled: (controller, env) => handlers.scheduled(controller, worldOf(env).isolate(CRON_ISOLATE).env),
  }
}

interface Isolate {
  faults: Faults
  env: FaultyEnv
}

interface World {
  isolate: (name: string) => Isolate
  lateCount: () => number
}

async function answerOrder(request: Request, world: World): Promise<Response> {
  if (request.method === 'POST') {
    const { isolate, queue, bucket } = (await request.json()) as FaultsOrder
    world.isolate(isolate).faults = { queue, bucket }
  }
  return Response.json({ lateCount: world.lateCount() } satisfies FaultsReport)
}

function createWorld(env: FaultyEnv, waitUntil: FaultyEffects['waitUntil']): World {
  const isolates = new Map<string, Isolate>()
  let lateCount = 0
  const land: Land = (write) => {
    lateCount++
    const landing = sleep(LATE_MS).then(write)
    waitUntil(landing.finally(() => lateCount--))
    return landing
  }
  return {
    lateCount: () => lateCount,
    isolate(name) {
      const isolate = isolates.get(name) ?? createIsolate(env, land)
      isolates.set(name, isolate)
      return isolate
    },
  }
}

/** Does a write late; resolves when it is done. */
type Land = (write: () => Promise<unknown>) => Promise<unknown>

function createIsolate(env: FaultyEnv, land: Land): Isolate {
  const { EVENTS_QUEUE: queue, LAKE: bucket } = env
  const interfereWithQueue = createInterference(() => isolate.faults.queue, land)
  const interfereWithBucket = createInterference(() => isolate.faults.bucket, land)
  // A batch of none is an error to the real queue.
  const deliver = async (messages: Message[]) => {
    if (messages.length > 0) await queue.sendBatch(messages)
  }
  const sendBatch = (messages: Message[]) => {
    const firstHalf = messages.slice(0, Math.floor(messages.length / 2))
    return interfereWithQueue(
      () => deliver(messages),
      () => deliver(firstHalf),
    )
  }
  const isolate: Isolate = {
    faults: { queue: 'none', bucket: 'none' },
    env: {
      ...env,
      EVENTS_QUEUE: {
        send: (body: string, options: Omit<Message, 'body'>) => sendBatch([{ body, ...options }]),
        sendBatch,
      } as FaultyEnv['EVENTS_QUEUE'],
      LAKE: {
        head: (...args) => bucket.head(...args),
        get: (...args) => bucket.get(...args),
        list: (...args) => bucket.list(...args),
        delete: (...args) => bucket.delete(...args),
        createMultipartUpload: (...args) => bucket.createMultipartUpload(...args),
        put: (...args) =>
          interfereWithBucket(
            () => bucket.put(...args),
            async () => {},
          ),
      },
    },
  }
  return isolate
}

/** A function that does a write, or half of it, or not, as the fault of the moment says. */
function createInterference(readFault: () => Fault, land: Land) {
  let halfCount = 0
  return (write: () => Promise<unknown>, writeHalf: () => Promise<unknown>): Promise<unknown> => {
    switch (readFault()) {
      case 'none':
        return write()
      case 'refuse':
        return refuse()
      case 'throw':
        throw new Error('thrown by the test')
      case 'hang':
        return new Promise(() => {})
      case 'hang-then-land':
        return land(write)
      case 'land-then-refuse':
        return write().then(refuse)
      case 'half':
        halfCount++
        return halfCount % 2 === 1 ? write() : writeHalf().then(refuse)
    }
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('refused by the test'))
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
