/** The commands `millrace correct`, `retract` and `merges`: what can be typed, and what it means. */

import { CORRECT_EVENT, checkCorrection, RETRACT_EVENT } from '@millrace/schemas'
import { type Command, InvalidArgumentError } from 'commander'
import {
  type CommandWorld,
  collectorFetch,
  DEFAULT_ENDPOINT,
  findSecretKey,
  parseEndpoint,
  parseSource,
  secretKeyOption,
  UsageError,
} from '../command-world.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from '../exit-codes.ts'
import { runOnWarehouse, type WarehouseFlags, withWarehouse } from '../forget/warehouse.ts'
import { toJson } from '../output.ts'
import { printable } from '../printable.ts'
import { parseAssignments, readChangesFile } from './changes.ts'
import { formatMerges, listMerges } from './merges.ts'
import { type CorrectionEvent, sendCorrection } from './send.ts'

/** Options that both share, as commander gives them. */
interface CorrectionFlags {
  source: string
  reason: string
  endpoint: string
  secretKey?: string
  json?: boolean
}

interface CorrectFlags extends CorrectionFlags {
  set: string[]
  changes?: string
}

const DEFAULT_MERGES = 100

/** Adds the commands to the program. */
export function registerCorrections(program: Command, world: CommandWorld): void {
  withCorrection(program.command('correct'))
    .description('replace fields of an event that was wrong')
    .option('--set <field=value>', 'userId=u1, properties.price=12.5 ...; may be repeated', collect, [])
    .option('--changes <file>', 'JSON object with the fields and their new values')
    .action(async (messageId: string, flags: CorrectFlags) => {
      const changes = await readChanges(flags)
      await send(world, flags, CORRECT_EVENT, { messageId, reason: flags.reason, changes })
    })

  withCorrection(program.command('retract'))
    .description('say that an event, or a correction, does not count')
    .action((messageId: string, flags: CorrectionFlags) =>
      send(world, flags, RETRACT_EVENT, { messageId, reason: flags.reason }),
    )

  withWarehouse(program.command('merges'))
    .description('which persons were joined by an alias, and by which')
    .option('--limit <count>', 'how many, the latest first', parseCount, DEFAULT_MERGES)
    .action((flags: WarehouseFlags & { limit: number }) =>
      runOnWarehouse(world, flags, async (statements) => {
        const merges = await listMerges(statements, flags.source, flags.limit)
        const text = flags.json === true ? toJson(merges) : formatMerges(flags.source, merges)
        world.stdout.write(text)
      }),
    )
}

function withCorrection(command: Command): Command {
  return command
    .argument('<message-id>', 'id of the event that was wrong')
    .requiredOption('--source <name>', 'source that the event and the secret key belong to')
    .requiredOption('--reason <text>', 'why; it is kept')
    .option('--endpoint <url>', 'address of the collector', DEFAULT_ENDPOINT)
    .addOption(secretKeyOption())
    .option('--json', 'print JSON on standard output')
}

async function readChanges({ set, changes }: CorrectFlags): Promise<Record<string, unknown>> {
  if (changes !== undefined && set.length > 0) {
    throw new UsageError('give the changes either by --set or by --changes')
  }
  if (changes !== undefined) return readChangesFile(changes)
  if (set.length > 0) return parseAssignments(set)
  throw new UsageError(
    'say what is to be replaced: --set <field=value>, such as --set userId=u1, or --changes <file>',
  )
}

async function send(
  world: CommandWorld,
  flags: CorrectionFlags,
  event: string,
  properties: { messageId: string; reason: string; changes?: object },
): Promise<void> {
  const { env, stdout, stderr, done, signal } = world
  const correction: CorrectionEvent = { event, messageId: crypto.randomUUID(), properties }
  const options = {
    source: parseSource(flags.source),
    endpoint: parseEndpoint(flags.endpoint),
    secretKey: findSecretKey(flags, env),
    fetch: collectorFetch(world),
    signal,
    now: Date.now,
  }
  // The collector's own rules, so that a mistake does not end in the quarantine.
  const wrong = checkCorrection(event, properties, options.now())
  if (wrong !== undefined) throw new UsageError(speakOptions(wrong, flags))
  const result = await sendCorrection(correction, options)
  if (result.kind === 'interrupted') return done(EXIT_INTERRUPTED)
  if (flags.json === true) stdout.write(toJson({ id: correction.messageId, ...result }))
  if (result.kind === 'accepted') {
    if (flags.json !== true) stdout.write(describeAccepted(correction, flags))
    return
  }
  const why =
    result.kind === 'failed'
      ? result.message
      : `the collector answers ${result.status}, ${result.reason}: ${result.message}`
  stderr.write(`millrace: ${printable(why)}\n`)
  done(EXIT_FAILED)
}

/** A mistake in the properties of a correction, with what was typed in the place of their paths. */
function speakOptions({ path, message }: { path: string; message: string }, flags: object): string {
  const rule = message.slice(path.length).trimStart()
  const [, property = '', ...below] = path.split('.')
  if (property === 'messageId') return `the message id ${rule}`
  const option = property === 'changes' ? ('changes' in flags ? '--changes' : '--set') : `--${property}`
  return [option, ...(below.length === 0 ? [] : [below.join('.')]), rule].join(' ')
}

function describeAccepted(
  { event, messageId, properties }: CorrectionEvent,
  { source }: CorrectionFlags,
): string {
  const { messageId: target } = properties as { messageId: string }
  const what = event === CORRECT_EVENT ? 'correction' : 'retraction'
  // Whether there is such an event is not looked up: it may still be on its way.
  return `the ${what} ${messageId} of ${printable(target)} was taken; if there is such an event, the tables follow within two minutes
to undo it: millrace retract ${messageId} --source ${source} --reason WHY
`
}

function collect(value: string, before: string[]): string[] {
  return [...before, value]
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= 100_000) return count
  throw new InvalidArgumentError('must be an integer from 1 to 100000')
}
