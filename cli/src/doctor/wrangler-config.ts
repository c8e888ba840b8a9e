/** Reads `wrangler.toml` with wrangler's own reader, which knows what an environment inherits and what it does not. */

/** What of a configuration is looked at, normalized by wrangler: an environment that names no queues has none. */
export interface WranglerConfig {
  /** Name of the Worker as it is deployed. */
  name?: string | undefined
  /** Absolute path of the entry. */
  main?: string | undefined
  /** Names of the environments in the file. */
  definedEnvironments?: readonly string[] | undefined
  vars?: Readonly<Record<string, unknown>> | undefined
  queues?:
    | { producers?: readonly QueueProducer[] | undefined; consumers?: readonly QueueConsumer[] | undefined }
    | undefined
  r2_buckets?:
    | readonly { binding: string; bucket_name?: string | undefined; jurisdiction?: string | undefined }[]
    | undefined
  durable_objects?: { bindings: readonly { name: string; class_name: string }[] } | undefined
  migrations?: readonly { new_sqlite_classes?: readonly string[] | undefined }[] | undefined
  triggers?: { crons?: readonly string[] | undefined } | undefined
  assets?: { binding?: string | undefined; directory?: string | undefined } | undefined
  ratelimits?: readonly { name: string; namespace_id?: string | undefined }[] | undefined
  limits?: { cpu_ms?: number | undefined } | undefined
  observability?: { enabled?: boolean | undefined } | undefined
  /** Bindings to other Workers, and to itself. */
  services?: readonly { binding: string; service: string }[] | undefined
  /** Names of secrets without which it is not deployed. */
  secrets?: { required?: readonly string[] | undefined } | undefined
  routes?: readonly (string | { pattern: string; custom_domain?: boolean | undefined })[] | undefined
}

/** One `[[queues.producers]]`. */
export interface QueueProducer {
  queue: string
  binding: string
}

/** One `[[queues.consumers]]`. */
export interface QueueConsumer {
  queue: string
  max_retries?: number | undefined
  dead_letter_queue?: string | undefined
}

/** There is no wrangler to read it with. */
export class NoWrangler extends Error {
  override readonly name = 'NoWrangler'
}

/**
 * Reads it.
 *
 * @param environment name of an `[env.*]`; default: what stands outside of all
 * @throws NoWrangler; Error with wrangler's own words when the file is not there or makes no sense
 */
export async function readWranglerConfig(
  path: string,
  environment: string | undefined,
): Promise<WranglerConfig> {
  const { unstable_readConfig: read } = await importWrangler()
  // The empty name is what stands outside of all, whatever CLOUDFLARE_ENV says.
  const options = { config: path, env: environment ?? '' }
  return read(options, { hideWarnings: true }) as unknown as WranglerConfig
}

async function importWrangler() {
  // It would remark on secrets that only a deployment has.
  process.env['WRANGLER_LOG'] ??= 'error'
  try {
    return await import('wrangler')
  } catch (cause) {
    throw new NoWrangler('wrangler is not installed here', { cause })
  }
}
