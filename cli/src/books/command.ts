/** The command `millrace books`: whether the books of a source close, and what they say. */

import { type Command, Option } from 'commander'
import {
  type CommandWorld,
  collectorFetch,
  type ReaderFlags,
  readAccess,
  UsageError,
  withReadAccess,
  withReadSource,
} from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_SOME } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import { askQuestion } from '../query/ask.ts'
import { speakOptions } from '../query/words.ts'
import { type Books, countMissing, readBooks } from './books.ts'
import { formatBooks } from './text.ts'

interface Flags extends ReaderFlags {
  last?: string
  from?: string
  to?: string
  by?: 'hour' | 'day'
  gaps?: boolean
  json?: boolean
  failOnMissing?: boolean
}

/** Streams that are listed. */
const MAX_STREAMS = '20'

/** Adds the command to the program. */
export function registerBooks(program: Command, world: CommandWorld): void {
  const command = program
    .command('books')
    .description('what became of every event that was received, and what never came')
  withReadAccess(withReadSource(command))
    .option('--last <duration>', 'until now: 24h, 7d (default: 24h)')
    .option('--from <time>', 'since: 2026-11-22, 2026-11-22T10:00Z, 24h')
    .option('--to <time>', 'until, exclusive (default: now)')
    .addOption(new Option('--by <interval>', 'also a table by hour or day').choices(['hour', 'day']))
    .option('--gaps', 'list the streams of which numbers are missing')
    .option('--json', 'print the answer as JSON on standard output')
    .option('--fail-on-missing', 'exit code 1 when something is missing, 3 when that is not known')
    .action(async (flags: Flags) => {
      world.done(await books(flags, world))
    })
}

async function books(flags: Flags, world: CommandWorld): Promise<number> {
  const { env, stdout, stderr, signal } = world
  if (flags.last !== undefined && (flags.from ?? flags.to) !== undefined) {
    throw new UsageError('--last is until now: give it, or --from and --to')
  }
  const { source, endpoint, readToken } = readAccess(flags, env)
  const fields = fieldsOf(flags, source)
  const result = await askQuestion({
    ...{ endpoint, name: 'books', fields, readToken, signal },
    fetch: collectorFetch(world),
  })
  switch (result.kind) {
    case 'answered': {
      const read = readBooks(result.answer)
      const options = { source, hasBuckets: flags.by !== undefined, hasStreams: flags.gaps === true }
      stdout.write(flags.json === true ? `${result.text}\n` : formatBooks(read, options))
      return flags.failOnMissing === true ? judgeMissing(read) : 0
    }
    case 'interrupted':
      return EXIT_INTERRUPTED
    case 'wrong': {
      const typed = { question: 'books', options: ['from', 'to'], lists: {} }
      const message = speakOptions(result.message, typed)
      const spoken = message.replace(/^interval /, '--by ')
      throw new UsageError(flags.last === undefined ? spoken : spoken.replace(/^--from/, '--last'))
    }
    case 'failed':
      stderr.write(`millrace: ${printable(result.message)}\n`)
      return EXIT_FAILED
  }
}

function fieldsOf({ last, from, to, by }: Flags, source: string): (readonly [string, string])[] {
  return [
    ['source', source],
    ['from', from ?? last ?? '24h'],
    ...(to === undefined ? [] : [['to', to] as const]),
    ...(by === undefined ? [] : [['interval', by] as const]),
    ['limit', MAX_STREAMS],
  ]
}

function judgeMissing(read: Books): number {
  if (countMissing(read) > 0) return EXIT_FAILED
  return read.ledger.closes === null ? EXIT_SOME : 0
}
