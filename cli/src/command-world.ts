/** What every command gets of the world, and the options that several of them share. */

import type { Readable } from 'node:stream'
import type { FetchLike } from '@millrace/node'
import { isLoopbackHost } from '@millrace/schemas/loopback'
import { NAME_PATTERN } from '@millrace/schemas/wire'
import { type Command, Option } from 'commander'
import type { CollectorFetch } from './collector-request.ts'
import type { ProgressStream } from './meter.ts'

/** Address of the collector when none is given. */
export const DEFAULT_ENDPOINT = 'http://127.0.0.1:8787'

/** The development source; like its secret key and read token it exists only in development (DESIGN, section 7). */
export const DEV_SOURCE = 'dev'
const DEV_SECRET_KEY = 'dev-secret'
const DEV_READ_TOKEN = 'dev-read'

/** The world around the command. */
export interface ProgramOptions {
  /** What was typed after `millrace`. */
  args: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  stdin: Readable
  stdout: NodeJS.WritableStream
  stderr: ProgressStream
  /** Aborted when the user interrupts. */
  signal?: AbortSignal | undefined
  fetch?: FetchLike | undefined
}

/** The world as a command's action sees it. */
export interface CommandWorld extends ProgramOptions {
  /** Sets the exit code: 0 done, 1 failed, 130 interrupted. A {@link UsageError} thrown means 2. */
  done: (exitCode: number) => void
}

/** The world's `fetch` for requests that have no body or another method than POST: what its type leaves out is only those. */
export function collectorFetch({ fetch = globalThis.fetch }: ProgramOptions): CollectorFetch {
  return fetch as unknown as CollectorFetch
}

/** A mistake in what was typed; the message says which. */
export class UsageError extends Error {}

/** `--secret-key`, which may be left to the environment. */
export function secretKeyOption(): Option {
  return new Option('--secret-key <key>', 'secret key of the source (default: MILLRACE_SECRET_KEY)')
}

/** The option, the environment, or for the development source on this machine the key that it has everywhere. */
export function findSecretKey(
  { source, endpoint, secretKey }: { source: string; endpoint: string; secretKey?: string },
  env: ProgramOptions['env'],
): string {
  const key = secretKey ?? env['MILLRACE_SECRET_KEY']
  if (key !== undefined && key !== '') {
    if (/^[\x21-\x39\x3b-\x7e]+$/.test(key)) return key
    throw new UsageError('the secret key must be ASCII characters without spaces or ":"')
  }
  if (source === DEV_SOURCE && isLoopback(endpoint)) return DEV_SECRET_KEY
  throw new UsageError(
    `the secret key of the source ${source} is needed: give --secret-key or MILLRACE_SECRET_KEY`,
  )
}

/** `--read-token`, which may be left to the environment. */
function readTokenOption(): Option {
  return new Option('--read-token <token>', 'read token of the source (default: MILLRACE_READ_TOKEN)')
}

/** An option that may be given several times; `parse` checks each value. */
export function repeatedOption(
  flags: string,
  description: string,
  parse: (value: string) => string = (value) => value,
): Option {
  return new Option(flags, `${description}; may be given several times`).argParser(
    (value: string, before: string[] = []) => [...before, parse(value)],
  )
}

/** Options of commands that read a source through the collector, as commander gives them. */
export interface ReaderFlags {
  source: string
  endpoint: string
  readToken?: string
}

/** Adds `--source`. */
export function withReadSource(command: Command): Command {
  return command.requiredOption('--source <name>', 'source that the events and the read token belong to')
}

/** Adds `--endpoint` and `--read-token`. */
export function withReadAccess(command: Command): Command {
  return command
    .option('--endpoint <url>', 'address of the collector', DEFAULT_ENDPOINT)
    .addOption(readTokenOption())
}

/** Checks them. @throws UsageError for what cannot be */
export function readAccess(flags: ReaderFlags, env: ProgramOptions['env']): Required<ReaderFlags> {
  const source = parseSource(flags.source)
  const endpoint = parseEndpoint(flags.endpoint)
  return { source, endpoint, readToken: findReadToken({ ...flags, source, endpoint }, env) }
}

/** The option, the environment, or for the development source on this machine the token that it has everywhere. */
export function findReadToken(
  { source, endpoint, readToken }: { source: string; endpoint: string; readToken?: string },
  env: ProgramOptions['env'],
): string {
  const token = readToken ?? env['MILLRACE_READ_TOKEN']
  if (token !== undefined && token !== '') {
    if (/^[\x21-\x7e]+$/.test(token)) return token
    throw new UsageError('the read token must be ASCII characters without spaces')
  }
  if (source === DEV_SOURCE && isLoopback(endpoint)) return DEV_READ_TOKEN
  throw new UsageError(
    `the read token of the source ${source} is needed: give --read-token or MILLRACE_READ_TOKEN`,
  )
}

/** Whether an address is of this machine. */
export function isLoopback(endpoint: string): boolean {
  return isLoopbackHost(new URL(endpoint).hostname)
}

/** The same rule as that of `createMillrace`, here so that a dry run finds the mistake too. */
export function parseSource(source: string): string {
  if (NAME_PATTERN.test(source)) return source
  throw new UsageError(
    `--source must be 1 to 64 lower-case letters, digits, "_" and "-", got ${JSON.stringify(source)}`,
  )
}

/** An absolute http(s) address without query, fragment or credentials. */
export function parseEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isPlain =
    url !== undefined && /^https?:$/.test(url.protocol) && url.search + url.hash + url.username === ''
  if (isPlain && url.password === '') return endpoint
  throw new UsageError(
    `--endpoint must be an http or https address such as ${DEFAULT_ENDPOINT}, got ${endpoint}`,
  )
}

/** The same of ClickHouse. A password in the address is refused without being repeated: it has an option of its own. */
export function parseClickHouseUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.username + parsed.password === '')
    return url
  throw new UsageError(
    `--clickhouse-url must be an address such as http://127.0.0.1:8123, without a password, got ${url.replace(/\/\/[^/]*@/, '//')}`,
  )
}
