/** The command `millrace forget`: what can be typed, and what it means. */

import { createInterface } from 'node:readline/promises'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { EraseStatements } from '@millrace/schemas/erase'
import type { Command } from 'commander'
import { type CommandWorld, UsageError } from '../command-world.ts'
import { EXIT_FAILED } from '../exit-codes.ts'
import { toJson } from '../output.ts'
import { type Found, findTraces, forget } from './forget.ts'
import type { Subject } from './person.ts'
import { isPlaceholder } from './placeholders.ts'
import { listRequests } from './record.ts'
import { formatDone, formatFound, formatRequests } from './report.ts'
import { runOnWarehouse, type WarehouseFlags, withWarehouse } from './warehouse.ts'

interface ForgetFlags extends WarehouseFlags {
  user?: string
  anonymous?: string
  reason: string
  dryRun?: boolean
  yes?: boolean
  list?: boolean
}

/** Longest reason, in characters. */
const MAX_REASON_LENGTH = 512

/** Adds the command to the program. */
export function registerForget(program: Command, world: CommandWorld): void {
  withWarehouse(program.command('forget'))
    .description('delete a person from the warehouse, and leave out what comes of them later')
    .option('--user <id>', 'user id of the person')
    .option('--anonymous <id>', 'anonymous id of a visitor')
    .option('--reason <text>', 'kept with the request: name nobody in it', '')
    .option('--dry-run', 'say what is found, change nothing')
    .option('--yes', 'do not ask')
    .option('--list', 'show the requests so far, and what is still open')
    .action((flags: ForgetFlags) =>
      runOnWarehouse(world, flags, async (statements, signal) => {
        if (flags.list === true) return list(world, flags, statements)
        return forgetPerson(world, flags, statements, signal)
      }),
    )
}

async function list(
  { stdout }: CommandWorld,
  flags: ForgetFlags,
  statements: EraseStatements,
): Promise<void> {
  if (flags.user !== undefined || flags.anonymous !== undefined) {
    throw new UsageError('--list is about all requests: leave out --user and --anonymous')
  }
  const requests = await listRequests(statements, flags.source)
  stdout.write(flags.json === true ? toJson(requests) : formatRequests(flags.source, requests))
}

async function forgetPerson(
  world: CommandWorld,
  flags: ForgetFlags,
  statements: EraseStatements,
  signal: AbortSignal,
): Promise<void> {
  const { stdout, stderr, done } = world
  const subject = readSubject(flags)
  if (flags.reason.length > MAX_REASON_LENGTH) {
    throw new UsageError(`--reason must be at most ${MAX_REASON_LENGTH} characters`)
  }
  const found = await findTraces(statements, subject)
  const isJson = flags.json === true
  if (flags.dryRun === true) {
    stdout.write(isJson ? toJson(summary(found)) : `${formatFound(found)}dry run, nothing was changed\n`)
    return
  }
  if (!isJson) stdout.write(formatFound(found))
  if (flags.yes !== true && !(await confirm(world, signal))) {
    stderr.write('millrace: nothing was changed\n')
    return done(EXIT_FAILED)
  }
  const effects = {
    ...statements,
    randomId: () => crypto.randomUUID(),
    sleep: (ms: number) => delay(ms, undefined, { signal }),
    onStep: (step: string) => void stderr.write(`${step}\n`),
  }
  const deleted = await forget(effects, found, flags.reason)
  stdout.write(isJson ? toJson({ ...summary(found), deleted }) : formatDone(found, deleted))
}

function readSubject({ source, user, anonymous }: ForgetFlags): Subject {
  const id = user ?? anonymous
  if (id === undefined || (user !== undefined && anonymous !== undefined)) {
    throw new UsageError('say whom to forget: either --user or --anonymous')
  }
  if (isPlaceholder(id)) throw new UsageError(`${JSON.stringify(id)} is a word for nobody, not an id`)
  return { source, kind: user === undefined ? 'anonymous' : 'user', id }
}

/** What may be told of what was found: no id. */
function summary({ request, users, devices, sharedDevices, events, firstSeen, lastSeen, rows, lake }: Found) {
  return { request: request.request, users, devices, sharedDevices, events, firstSeen, lastSeen, rows, lake }
}

/** Asks on a terminal. */
async function confirm({ stdin, stderr }: CommandWorld, signal: AbortSignal): Promise<boolean> {
  if ((stdin as Readable & { isTTY?: boolean }).isTTY !== true) {
    throw new UsageError('give --yes: there is no terminal to ask on whether this person is to be forgotten')
  }
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await terminal.question('Forget this person? It cannot be undone. Type yes: ', { signal })
    return answer.trim() === 'yes'
  } finally {
    terminal.close()
  }
}
