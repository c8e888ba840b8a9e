/** The command `millrace tail`: what can be typed, and what it means. */

import { TAIL_STATUSES, type TailEvent } from '@millrace/schemas/live'
import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  type CommandWorld,
  type ReaderFlags,
  readAccess,
  repeatedOption,
  UsageError,
  withReadAccess,
  withReadSource,
} from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import { type LiveFetch, readLive } from './connection.ts'
import { formatEvent, formatEventJson } from './event-text.ts'
import { type FollowEnd, followEvents } from './follow.ts'
import { createPacedOutput } from './output.ts'

interface Flags extends ReaderFlags {
  filter?: string[]
  status?: string[]
  sinceLast: number
  limit?: number
  full?: boolean
  json?: boolean
}

const STATUSES: readonly string[] = TAIL_STATUSES

/** The collector has as many of them for whoever comes. */
const MAX_FIRST = 50
const DEFAULT_FIRST = 10

const MAX_LIMIT = 1_000_000_000

/** Adds the command to the program. */
export function registerTail(program: Command, world: CommandWorld): void {
  withReadAccess(withReadSource(program.command('tail')))
    .description('show the events of a source as they pass')
    .addOption(
      repeatedOption(
        '--filter <field:op:value>',
        'only events like this, such as country:is:DE; all must hold',
      ),
    )
    .addOption(
      repeatedOption('--status <status>', `only events of this status: ${STATUSES.join(', ')}`, parseStatus),
    )
    .option(
      '--since-last <count>',
      `how many of the last events are shown first, 0 to ${MAX_FIRST}`,
      (text: string) => parseCount(text, 0, MAX_FIRST),
      DEFAULT_FIRST,
    )
    .option('--limit <count>', 'end after so many events (default: never)', (text: string) =>
      parseCount(text, 1, MAX_LIMIT),
    )
    .option('--full', 'show everything that is known of each event')
    .addOption(new Option('--json', 'print each event as a line of JSON').conflicts('full'))
    .action(async (flags: Flags) => world.done(await tail(flags, world)))
}

async function tail(flags: Flags, world: CommandWorld): Promise<number> {
  const { env, stdout, stderr } = world
  const { source, endpoint, readToken } = readAccess(flags, env)
  const ending = new AbortController()
  const signal = world.signal === undefined ? ending.signal : AbortSignal.any([world.signal, ending.signal])
  const output = createPacedOutput(stdout, signal, () => ending.abort())
  const request = { endpoint, wishes: readWishes(source, flags), readToken, fetch: fetchOf(world), signal }
  const format = createFormat(flags, world)
  const end = await followEvents({
    connect: (lastEventId) => readLive({ ...request, lastEventId }),
    show: (event) => output.write(format(event)),
    tell: (message) => stderr.write(`millrace: ${printable(message)}\n`),
    tellMissed: (count) => stderr.write(`… ${count} more events passed than are shown\n`),
    onConnected() {
      if (stderr.isTTY === true) stderr.write(`Events of ${source} as they pass. Ctrl-C ends it.\n`)
    },
    firstCount: flags.sinceLast,
    limit: flags.limit,
    signal,
  })
  output.close()
  return world.signal?.aborted === true ? EXIT_INTERRUPTED : tellEnd(end, world)
}

/** Where it ended because nobody reads its output any more, they had what they wanted. */
function tellEnd(end: FollowEnd, { stderr }: CommandWorld): number {
  if (end.kind !== 'refused') return 0
  if (end.isMistake) throw new UsageError(speakOptions(end.message))
  stderr.write(`millrace: ${printable(end.message)}\n`)
  return EXIT_FAILED
}

/** The collector names fields of the request; here those are options, and a filter is followed by what is wrong with it. */
function speakOptions(message: string): string {
  return message.replace(/^(filter|status)( "(?:[^"\\]|\\.)*")? /, (_, name, value) =>
    value === undefined ? `--${name} ` : `--${name}${value}: `,
  )
}

/** The token tells the source; naming it lets a collector refuse a token of another. */
function readWishes(source: string, { filter = [], status = [] }: Flags): URLSearchParams {
  const wishes = new URLSearchParams({ source, only: 'events' })
  for (const one of filter) wishes.append('filter', one)
  for (const one of status) wishes.append('status', one)
  return wishes
}

function createFormat(
  { json, full = false }: Flags,
  { stdout, env }: CommandWorld,
): (event: TailEvent) => string {
  if (json === true) return formatEventJson
  const isTerminal = (stdout as { isTTY?: boolean }).isTTY === true
  // Any value but an empty one means no colour: no-color.org.
  const isColoured = isTerminal && (env['NO_COLOR'] ?? '') === ''
  return (event) => formatEvent(event, { isColoured, isFull: full, now: Date.now() })
}

/** The world's `fetch`, whose type leaves out only what is not used of it for a POST. */
function fetchOf({ fetch = globalThis.fetch as CommandWorld['fetch'] }: CommandWorld): LiveFetch {
  return fetch as unknown as LiveFetch
}

function parseStatus(text: string): string {
  if (STATUSES.includes(text)) return text
  throw new InvalidArgumentError(`must be one of ${STATUSES.join(', ')}`)
}

function parseCount(text: string, min: number, max: number): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= min && count <= max) return count
  throw new InvalidArgumentError(`must be an integer from ${min} to ${max}`)
}
