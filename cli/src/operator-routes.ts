/** What commands share that ask the collector's routes for operators: options, one request, and how trouble ends. */

import type { Command } from 'commander'
import { requestCollector, secretHeaders } from './collector-request.ts'
import {
  type CommandWorld,
  collectorFetch,
  DEFAULT_ENDPOINT,
  findSecretKey,
  parseEndpoint,
  parseSource,
  secretKeyOption,
} from './command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from './exit-codes.ts'
import { printable } from './printable.ts'

/** Options of {@link withOperatorOptions}, as commander gives them. */
export interface OperatorFlags {
  source: string
  endpoint: string
  secretKey?: string
  json?: boolean
}

/** No collector answers, it refuses, or what was asked for is not there; the message says which. */
export class OperatorFailure extends Error {
  override readonly name = 'OperatorFailure'
}

/** The user interrupted. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** One request. */
export interface OperatorRequest {
  method: 'GET' | 'POST'
  /** Beginning with `/`. */
  path: string
  /** Fields of the query; those that are `undefined` are left out. */
  search?: Record<string, string | undefined>
  /** Sent as JSON. */
  body?: object
}

/**
 * Asks once and resolves with the answer's fields.
 *
 * @throws OperatorFailure, Interrupted
 */
export type AskOperator = (request: OperatorRequest) => Promise<Record<string, unknown>>

/** How long one answer may take: a drain takes 20 s, and what is under way then is waited for. */
const TIMEOUT_MS = 120_000

/** Adds the options. */
export function withOperatorOptions(command: Command): Command {
  return command
    .requiredOption('--source <name>', 'source that the secret key belongs to')
    .option('--endpoint <url>', 'address of the collector', DEFAULT_ENDPOINT)
    .addOption(secretKeyOption())
    .option('--json', 'print JSON on standard output')
}

/** Runs one command's work; trouble that is not a mistake in what was typed is one line and exit code 1. */
export async function runOperator(
  world: CommandWorld,
  flags: OperatorFlags,
  work: (ask: AskOperator) => Promise<void>,
): Promise<void> {
  const ask = createAsk(world, flags)
  try {
    await work(ask)
  } catch (error) {
    if (error instanceof Interrupted) return world.done(EXIT_INTERRUPTED)
    if (!(error instanceof OperatorFailure)) throw error
    world.stderr.write(`millrace: ${printable(error.message)}\n`)
    world.done(EXIT_FAILED)
  }
}

function createAsk(world: CommandWorld, flags: OperatorFlags): AskOperator {
  // The key tells the source; naming it lets a collector refuse a key of another.
  const source = parseSource(flags.source)
  const endpoint = parseEndpoint(flags.endpoint)
  const headers = secretHeaders(findSecretKey(flags, world.env))
  const { signal } = world
  return async ({ method, path, search = {}, body }) => {
    const given = Object.entries(search).filter((field): field is [string, string] => field[1] !== undefined)
    const answer = await requestCollector({
      endpoint,
      path: `${path}?${new URLSearchParams([['source', source], ...given])}`,
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      fetch: collectorFetch(world),
      signal,
      timeoutMs: TIMEOUT_MS,
    })
    if (answer.kind === 'interrupted') throw new Interrupted()
    if (answer.kind === 'failed') throw new OperatorFailure(answer.message)
    if (answer.status !== 200 || answer.body['success'] !== true) throw new OperatorFailure(answer.refusal)
    return answer.body
  }
}
