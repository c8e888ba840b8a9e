/** The command `millrace query`: what can be typed, and what it means. */

import type { Command } from 'commander'
import {
  type CommandWorld,
  collectorFetch,
  type ReaderFlags,
  readAccess,
  repeatedOption,
  UsageError,
  withReadAccess,
  withReadSource,
} from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import { askQuestion } from './ask.ts'
import { formatAnswer } from './table.ts'
import { optionOf, speakOptions, type Typed } from './words.ts'

/** Options that are not fields of the question. */
interface Flags extends ReaderFlags {
  json?: boolean
}

/** Fields of questions; the collector says which of them a question has. */
const FIELDS: readonly (readonly [name: string, placeholder: string, description: string])[] = [
  ['from', 'time', 'since: 7d, 24h, 2026-11-22, 2026-11-22T10:00Z (default: 7d)'],
  ['to', 'time', 'until, exclusive (default: now)'],
  ['timeZone', 'name', 'time zone of days and of times without one (default: UTC)'],
  ['interval', 'name', 'minute, hour, day, week or month'],
  ['metric', 'name', 'events, people, visitors, sessions, sum, avg, min, max, p50, p75, p90, p95 or p99'],
  ['of', 'field', 'field that the metric is of; for paths: pages or events'],
  ['field', 'field', 'field whose values are counted'],
  ['using', 'tables', 'auto, events or rollups'],
  ['window', 'duration', 'time within which a funnel is gone through (default: 1d)'],
  ['first', 'event', 'event that makes a person one of a cohort'],
  ['returning', 'event', 'event that counts as coming back'],
  ['periods', 'number', 'how many that follow a cohort are told'],
  ['at', 'name', 'page or event that paths begin at'],
  ['direction', 'word', 'after or before'],
  ['depth', 'number', 'steps of paths, up to 5'],
  ['search', 'text', 'part of an id or trait of people'],
  ['person', 'id', 'whose timeline'],
  ['limit', 'number', 'most rows'],
]

/** Fields that may be given several times. */
const REPEATED: readonly (readonly [name: string, placeholder: string, description: string])[] = [
  ['event', 'name', 'only events of this name'],
  ['filter', 'field:op:value', 'a condition such as country:is:DE'],
  ['step', 'event', 'a step of a funnel, in their order'],
  ['by', 'field', 'field to break down by; breakdown takes two'],
]

/** Adds the command to the program. */
export function registerQuery(program: Command, world: CommandWorld): void {
  const command = program
    .command('query')
    .description('ask the collector about the events of a source')
    .argument(
      '<question>',
      'timeseries, top, breakdown, funnel, retention, paths, sessions, people, live, freshness or books',
    )
  withReadAccess(withReadSource(command))
    .option('--json', 'print the answer as JSON on standard output')
    .option('--list', 'the newest sessions, one by one')
  for (const [name, placeholder, description] of FIELDS) {
    command.option(`${optionOf(name)} <${placeholder}>`, description)
  }
  for (const [name, placeholder, description] of REPEATED) {
    command.addOption(repeatedOption(`--${name} <${placeholder}>`, description))
  }
  command.action(async (name: string, flags: Flags & Record<string, unknown>) => {
    world.done(await query(name, flags, world))
  })
}

async function query(
  name: string,
  flags: Flags & Record<string, unknown>,
  world: CommandWorld,
): Promise<number> {
  const { env, stdout, stderr } = world
  checkFilters(flags)
  const { source, endpoint, readToken } = readAccess(flags, env)
  // The token tells the source; naming it lets a collector refuse a token of another.
  const fields: (readonly [string, string])[] = [['source', source], ...readFields(flags)]
  const result = await askQuestion({
    endpoint,
    name,
    fields,
    readToken,
    fetch: collectorFetch(world),
    signal: world.signal,
  })
  switch (result.kind) {
    case 'answered':
      stdout.write(flags.json === true ? `${result.text}\n` : formatAnswer(result.answer, result.isKept))
      return 0
    case 'interrupted':
      return EXIT_INTERRUPTED
    case 'wrong':
      throw new UsageError(speakOptions(result.message, describeTyped(name, flags)))
    case 'failed':
      stderr.write(`millrace: ${printable(result.message)}\n`)
      return EXIT_FAILED
  }
}

function readFields(flags: Record<string, unknown>): (readonly [string, string])[] {
  const names = [...FIELDS, ...REPEATED].map(([name]) => name)
  const given = names.flatMap((name) => valuesOf(flags, name).map((value) => [name, value] as const))
  return flags['list'] === true ? [...given, ['list', 'true']] : given
}

/** The collector takes filters of other forms too, and would speak of those. */
function checkFilters(flags: Record<string, unknown>): void {
  const wrong = valuesOf(flags, 'filter').find((text) => !/^[^:]+:[^:]+(:|$)/.test(text))
  if (wrong === undefined) return
  throw new UsageError(
    `--filter must be field:op:value, such as country:is:DE, or field:exists, got ${JSON.stringify(wrong)}`,
  )
}

function describeTyped(question: string, flags: Record<string, unknown>): Typed {
  const options = [...FIELDS, ...REPEATED].map(([name]) => name)
  const lists = REPEATED.map(([name]) => [name, valuesOf(flags, name)] as const)
  return { question, options: [...options, 'list'], lists: Object.fromEntries(lists) }
}

function valuesOf(flags: Record<string, unknown>, name: string): string[] {
  return [flags[name] ?? []].flat().map(String)
}
