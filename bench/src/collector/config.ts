/**
 * Writes the configuration that workerd itself reads, from the bindings of `wrangler.toml`: queues post to a server
 * outside, Durable Objects live in memory, and whatever no event's way needs is a stub.
 */

import { CF_HEADER } from './event.ts'

/** What is read of wrangler's configuration. */
export interface WranglerBindings {
  compatibility_date?: string | undefined
  compatibility_flags?: string[] | undefined
  vars: Record<string, unknown>
  assets?: { binding?: string } | undefined
  queues: { producers?: { binding: string }[] | undefined }
  r2_buckets: { binding: string }[]
  durable_objects: { bindings: { name: string; class_name: string }[] }
  ratelimits?: { name: string }[] | undefined
  unsafe?: { bindings?: { name: string; type: string }[] | undefined } | undefined
}

/** What of the Worker to serve, and where its messages go. */
export interface ConfigOptions {
  /** File with the Worker's one module, relative to the configuration. */
  workerFile: string
  wrangler: WranglerBindings
  /** Port on loopback that takes what is sent to queues. */
  queuePort: number
}

/** Name of the Worker, and so its path in the inspector. */
export const SERVICE_NAME = 'collector'

/** Name of the socket that it is reached by. */
export const SOCKET_NAME = 'http'

const STUB_FILE = `export default {
  fetch: () => new Response('', {
    status: 404,
    headers: { 'cf-r2-error': '{"version":1,"v4code":10007,"message":"there is no such object"}' },
  }),
}`

const RATE_LIMIT_MODULE = 'bench:rate-limit'

/** Never limits: how the platform counts cannot be measured here. */
const RATE_LIMIT_FILE = 'export default () => ({ limit: async () => ({ success: true }) })'

/** The configuration as Cap'n Proto text. Source: workerd.capnp of the installed workerd. */
export function buildConfig({ workerFile, wrangler, queuePort }: ConfigOptions): string {
  const objects = wrangler.durable_objects.bindings
  const namespaces = objects.map(
    ({ class_name }) =>
      `(className = ${quote(class_name)}, uniqueKey = ${quote(class_name)}, enableSql = true)`,
  )
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = ${quote(SERVICE_NAME)}, worker = .measured),
    (name = "queue", external = (address = "127.0.0.1:${queuePort}", http = ())),
    (name = "stub", worker = (compatibilityDate = "2026-01-01", modules = [(name = "stub.js", esModule = ${quote(STUB_FILE)})])),
  ],
  sockets = [
    (name = ${quote(SOCKET_NAME)}, address = "127.0.0.1:0", http = (cfBlobHeader = ${quote(CF_HEADER)}), service = ${quote(SERVICE_NAME)}),
  ],
  extensions = [
    (modules = [(name = ${quote(RATE_LIMIT_MODULE)}, internal = true, esModule = ${quote(RATE_LIMIT_FILE)})]),
  ],
);

const measured :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed ${quote(workerFile)})],
  compatibilityDate = ${quote(wrangler.compatibility_date ?? '2026-01-01')},
  compatibilityFlags = [${(wrangler.compatibility_flags ?? []).map(quote).join(', ')}],
  bindings = [
    ${buildBindings(wrangler).join(',\n    ')},
  ],
  durableObjectNamespaces = [${namespaces.join(', ')}],
  durableObjectStorage = (inMemory = void),
);
`
}

function buildBindings(wrangler: WranglerBindings): string[] {
  const { vars, assets, queues, r2_buckets, durable_objects, ratelimits = [], unsafe } = wrangler
  const bindings: Record<string, string> = {}
  for (const [name, value] of Object.entries(vars)) bindings[name] = `text = ${quote(String(value))}`
  if (assets?.binding !== undefined) bindings[assets.binding] = 'service = "stub"'
  for (const { binding } of queues.producers ?? []) bindings[binding] = 'queue = "queue"'
  for (const { binding } of r2_buckets) bindings[binding] = 'r2Bucket = "stub"'
  for (const { name, class_name } of durable_objects.bindings) {
    bindings[name] = `durableObjectNamespace = ${quote(class_name)}`
  }
  const unsafeLimits = unsafe?.bindings?.filter(({ type }) => type === 'ratelimit') ?? []
  for (const { name } of [...ratelimits, ...unsafeLimits]) {
    bindings[name] = `wrapped = (moduleName = ${quote(RATE_LIMIT_MODULE)}, innerBindings = [])`
  }
  return Object.entries(bindings).map(([name, value]) => `(name = ${quote(name)}, ${value})`)
}

/** Cap'n Proto's strings are C's: `\n`, `\"` and `\\` as in JSON, other characters as they are. */
function quote(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `"${escaped}"`
}
