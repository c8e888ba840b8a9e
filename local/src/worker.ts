/** Runs the built Worker under workerd by miniflare, with the bindings of `wrangler.toml`, on loopback. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type MiniflareOptions } from 'miniflare'
import { unstable_getMiniflareWorkerOptions } from 'wrangler'
import { withDoor } from './door.ts'
import { drain, type QueueWait, quietTimeOf } from './drain.ts'
import { type Places, REPOSITORY } from './places.ts'
import { createHoldWorker, holdWorkerd, shieldWorkerd, withoutSignalListeners } from './signals.ts'

/** Options of {@link startWorker}; places that are not named are those of the repository, as `npm run build` left it. */
export interface WorkerOptions extends Partial<Omit<Places, 'migrationsPath'>> {
  /** Port of the Worker; 0 picks a free one. */
  port: number
  /** Folder for what R2 and Durable Objects keep. */
  dataPath: string
  clickhouseUrl: string
  /** Takes each line that the Worker logs, and each that the runtime prints. */
  onLog?: (line: string) => void
  /** Variables beside those of development: the secrets of sources, or what a test wants otherwise. */
  variables?: Record<string, string>
  /**
   * Whether signals leave it running, those to workerd's own process too (a SIGTERM for 3 seconds): the caller handles
   * them and calls `drain` and `stop`. Default false: a signal ends this process and the Worker at once, and what the
   * queue holds is lost.
   */
  outlivesSignals?: boolean
}

/** A running Worker. */
export interface RunningWorker {
  url: string
  port: number
  /** Runs the cron trigger once; nothing else does locally. */
  triggerCron: () => Promise<void>
  /** Text of an object of the bucket `LAKE`, or `undefined`. */
  readObject: (key: string) => Promise<string | undefined>
  /** Bytes of an object of the bucket `LAKE`, or `undefined`. */
  readBytes: (key: string) => Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Puts an object into the bucket `LAKE`, in the place of one that is there. */
  putObject: (key: string, content: Uint8Array<ArrayBuffer> | string) => Promise<void>
  /** Keys of the bucket `LAKE` under a prefix. */
  listObjects: (prefix: string) => Promise<string[]>
  /**
   * Lets the queue hand on what it holds, which is in memory. A Worker that outlives signals answers 503 from then on, and is
   * waited for until nothing has gone on in it for a while; another one stays open, and what it takes meanwhile may be lost.
   *
   * @param maxMs longest wait; default 10,000 milliseconds
   * @throws Error that says what could not be waited for
   */
  drain: (maxMs?: number) => Promise<void>
  stop: () => Promise<void>
}

/** Longest wait for the queue at the end. */
const MAX_DRAIN_MS = 10_000

/** Name of the Worker within the runtime. */
const NAME = 'millrace'

/** Where the runtime takes the cron trigger. */
const CRON_PATH = '/cdn-cgi/local/scheduled?cron=*+*+*+*+*'

/** Starts the Worker; resolves when it answers. Needs `npm run build` first, for its assets too. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { outlivesSignals = false } = options
  if (outlivesSignals) shieldWorkerd()
  const { assetsPath = REPOSITORY.assetsPath, wranglerPath = REPOSITORY.wranglerPath } = options
  const workerOptions = readWranglerOptions({ assetsPath, wranglerPath })
  const quietMs = quietTimeOf((workerOptions['queueConsumers'] ?? {}) as Record<string, QueueWait>)
  const create = () => new Miniflare(buildOptions(options, workerOptions))
  const miniflare = outlivesSignals ? withoutSignalListeners(create) : create()
  const url = new URL(await miniflare.ready)
  const hold = outlivesSignals ? await holdWorkerd(miniflare) : undefined
  return {
    url: url.origin,
    port: Number(url.port),
    async triggerCron() {
      // Not by `getWorker`: see `holdWorkerd`.
      const response = await fetch(`${url.origin}${CRON_PATH}`)
      const text = await response.text()
      if (!response.ok) throw new Error(`the cron trigger answered ${response.status}: ${text.slice(0, 200)}`)
    },
    async readObject(key) {
      const bucket = await miniflare.getR2Bucket('LAKE')
      const object = await bucket.get(key)
      return object === null ? undefined : await object.text()
    },
    async readBytes(key) {
      const bucket = await miniflare.getR2Bucket('LAKE')
      const object = await bucket.get(key)
      return object === null ? undefined : new Uint8Array(await object.arrayBuffer())
    },
    async putObject(key, content) {
      const bucket = await miniflare.getR2Bucket('LAKE')
      await bucket.put(key, content)
    },
    async listObjects(prefix) {
      const bucket = await miniflare.getR2Bucket('LAKE')
      const { objects } = await bucket.list({ prefix })
      return objects.map(({ key }) => key)
    },
    drain: (maxMs = MAX_DRAIN_MS) => drain({ closeDoor: hold?.closeDoor, quietMs, maxMs }),
    async stop() {
      hold?.release()
      await miniflare.dispose()
    },
  }
}

/** Options from `wrangler.toml`, so that local bindings and deployed ones have one source. */
function readWranglerOptions({ assetsPath, wranglerPath }: Pick<Places, 'assetsPath' | 'wranglerPath'>) {
  // It would remark on secrets that only a deployment has.
  process.env['WRANGLER_LOG'] ??= 'error'
  const overrides = { assets: { directory: assetsPath } }
  return unstable_getMiniflareWorkerOptions(wranglerPath, undefined, { overrides }).workerOptions
}

function buildOptions(
  {
    port,
    dataPath,
    clickhouseUrl,
    onLog,
    variables,
    scriptPath = REPOSITORY.scriptPath,
    outlivesSignals = false,
  }: WorkerOptions,
  workerOptions: ReturnType<typeof readWranglerOptions>,
): MiniflareOptions {
  const script = {
    type: 'ESModule' as const,
    path: 'worker.js',
    contents: readFileSync(scriptPath, 'utf8'),
  }
  const worker = {
    ...workerOptions,
    name: NAME,
    modules: outlivesSignals ? withDoor(script) : [script],
    bindings: {
      ...(workerOptions['bindings'] as Record<string, string>),
      MILLRACE_ENV: 'development',
      CLICKHOUSE_URL: clickhouseUrl,
      CLICKHOUSE_PASSWORD: '',
      ...variables,
    },
  }
  return convertV4MiniflareOptions({
    // The first gets the requests.
    workers: outlivesSignals ? [worker, createHoldWorker(NAME)] : [worker],
    host: '127.0.0.1',
    port,
    unsafeTriggerHandlers: true,
    // Without it miniflare asks the network what `request.cf` might be.
    cf: false,
    resourcePersistencePath: join(dataPath, 'worker'),
    log: new Log(LogLevel.ERROR),
    handleStructuredLogs: ({ message }) => onLog?.(message),
  })
}
