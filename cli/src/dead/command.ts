/** The commands `millrace dead list|show|replay`: what can be typed, and what it means. */

import { type DeadLetter, LETTER_KINDS } from '@millrace/schemas'
import { type Command, Option } from 'commander'
import { type CommandWorld, UsageError } from '../command-world.ts'
import {
  type AskOperator,
  OperatorFailure,
  type OperatorFlags,
  runOperator,
  withOperatorOptions,
} from '../operator-routes.ts'
import { toJson } from '../output.ts'
import { parseTime } from '../quarantine/filter.ts'
import { findById, isKey, type LetterFilter, readLetters } from './letters.ts'
import { formatList } from './list.ts'
import { replayLetters } from './replay.ts'
import { exitCodeOf, formatReplay } from './replay-report.ts'
import { formatLetter, type ShownLetter } from './show.ts'

interface FilterFlags extends OperatorFlags {
  sink?: string
  kind?: string
  since?: string
  until?: string
}

interface ReplayFlags extends FilterFlags {
  all?: boolean
  dryRun?: boolean
}

/** Adds the commands to the program. */
export function registerDead(program: Command, world: CommandWorld): void {
  const { stdout, stderr, done } = world
  const dead = program
    .command('dead')
    .description('look at batches that nothing would take, and send them again')

  withFilter(withOperatorOptions(dead.command('list')))
    .description('list dead letters, the latest first')
    .action((flags: FilterFlags) => {
      const filter = readFilter(flags)
      return runOperator(world, flags, async (ask) => {
        const letters = await readLetters(ask, filter)
        const text =
          flags.json === true ? toJson(letters) : formatList(letters, flags.source, isNarrow(filter))
        stdout.write(text)
      })
    })

  withOperatorOptions(dead.command('show'))
    .description('one dead letter with the events in it')
    .argument('<id>', 'its id or its key')
    .action((id: string, flags: OperatorFlags) =>
      runOperator(world, flags, async (ask) => {
        const { letter } = await ask({ method: 'GET', path: pathOf(await findKey(ask, id, flags.source)) })
        const shown = letter as ShownLetter
        stdout.write(flags.json === true ? toJson(shown) : formatLetter(shown))
      }),
    )

  withFilter(withOperatorOptions(dead.command('replay')))
    .description('send dead letters to all sinks again')
    .argument('[ids...]', 'their ids or keys; or choose by --all or a filter')
    .option('--all', 'all dead letters of the source')
    .option('--dry-run', 'choose and count, send nothing')
    .action((ids: string[], flags: ReplayFlags) => {
      const filter = readFilter(flags)
      checkChoice(ids, flags, isNarrow(filter))
      return runOperator(world, flags, async (ask) => {
        const { keys, unreadable } = ids.length > 0 ? await chooseByIds(ask, ids) : await choose(ask, filter)
        const isDryRun = flags.dryRun === true
        const onProgress = (answered: number) => {
          if (keys.length > answered) stderr.write(`${answered} of ${keys.length} letters\n`)
        }
        const books = isDryRun
          ? { chosen: keys.length, replayed: 0, gone: 0, failed: {} }
          : await replayLetters({ ask, keys, onProgress })
        const report = { isDryRun, ...books, unreadable }
        stdout.write(flags.json === true ? toJson(report) : formatReplay(report, flags.source))
        done(exitCodeOf(report))
      })
    })
}

function withFilter(command: Command): Command {
  return command
    .option('--sink <name>', 'only letters that this sink did not take: warehouse, quarantine ...')
    .addOption(new Option('--kind <kind>', 'only letters of this kind').choices([...LETTER_KINDS, 'part']))
    .option('--since <time>', 'only letters that died since: 2026-11-21, 2026-11-21T10:00Z, 24h')
    .option('--until <time>', 'only letters that died before')
}

function readFilter({ sink, kind, since, until }: FilterFlags): LetterFilter {
  const now = Date.now()
  return {
    sink,
    kind,
    since: since === undefined ? undefined : parseTime(since, '--since', now),
    until: until === undefined ? undefined : parseTime(until, '--until', now),
  }
}

/** Whether a filter leaves any letter out. */
function isNarrow(filter: LetterFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined)
}

function checkChoice(ids: readonly string[], { all }: ReplayFlags, isFiltered: boolean): void {
  const isChosen = all === true || isFiltered
  if (ids.length > 0 && isChosen) throw new UsageError('give either ids, or --all or a filter')
  if (ids.length === 0 && !isChosen) {
    throw new UsageError('say which letters: their ids, --all, --sink, --kind, --since or --until')
  }
}

interface Choice {
  keys: string[]
  /** Letters that are left out, because they would be back at once. */
  unreadable: number
}

async function choose(ask: AskOperator, filter: LetterFilter): Promise<Choice> {
  const letters = await readLetters(ask, filter)
  const readable = letters.filter(({ kind }) => kind !== 'unreadable')
  return { keys: readable.map(({ key }) => key), unreadable: letters.length - readable.length }
}

/** Keys are taken as they are; ids are looked up, and one that nobody has is told before anything is sent. */
async function chooseByIds(ask: AskOperator, ids: readonly string[]): Promise<Choice> {
  const letters: DeadLetter[] = ids.every(isKey) ? [] : await readLetters(ask)
  const keys = ids.flatMap((id) => {
    if (isKey(id)) return [id]
    const found = findById(letters, id)
    if (found.length === 0) throw new OperatorFailure(`there is no dead letter ${id}; nothing was sent`)
    return found.map(({ key }) => key)
  })
  return { keys: [...new Set(keys)], unreadable: 0 }
}

async function findKey(ask: AskOperator, id: string, source: string): Promise<string> {
  if (isKey(id)) return id
  const [letter, ...others] = findById(await readLetters(ask), id)
  if (letter === undefined) throw new OperatorFailure(`${source} has no dead letter ${id}`)
  if (others.length === 0) return letter.key
  const keys = [letter, ...others].map(({ key }) => key).join(', ')
  throw new OperatorFailure(`the message ${id} died more than once; give one of ${keys}`)
}

/** `/v1/dead/2026-11-21/abc.json`; a key as typed may hold anything. */
function pathOf(key: string): string {
  return `/v1/${key.split('/').map(encodeURIComponent).join('/')}`
}
