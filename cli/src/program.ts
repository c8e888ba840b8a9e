/** The command line: which commands there are, and how their mistakes end. Each family of commands registers itself. */

import { Command, CommanderError } from 'commander'
import release from '../package.json' with { type: 'json' }
import { registerBooks } from './books/command.ts'
import { type ProgramOptions, UsageError } from './command-world.ts'
import { registerCorrections } from './correct/command.ts'
import { registerDead } from './dead/command.ts'
import { registerDeploy } from './deploy/command.ts'
import { registerDev } from './dev/command.ts'
import { fillDevSecrets } from './dev-secrets.ts'
import { registerDoctor } from './doctor/command.ts'
import { EXIT_USAGE } from './exit-codes.ts'
import { registerExport } from './export/command.ts'
import { registerForget } from './forget/command.ts'
import { registerImport } from './import/command.ts'
import { registerInit } from './init/command.ts'
import { registerLookup } from './lookup/command.ts'
import { registerMigrate } from './migrate/command.ts'
import { registerPlan } from './plan/command.ts'
import { printable } from './printable.ts'
import { registerQuarantine } from './quarantine/command.ts'
import { registerQuery } from './query/command.ts'
import { registerReplay } from './replay/command.ts'
import { registerSpill } from './spill/command.ts'
import { registerTail } from './tail/command.ts'

export type { ProgramOptions } from './command-world.ts'

/** Runs a command and resolves with its exit code: 0 done, 1 failed, 2 wrong usage, 3 of some commands, 130 interrupted. Never rejects for these. */
export async function runProgram(options: ProgramOptions): Promise<number> {
  let exitCode = 0
  const program = createProgram(options, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(options.args, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has written its message by then; asking for help or the version is no mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
    if (!(error instanceof UsageError)) throw error
    options.stderr.write(`millrace: ${printable(error.message)}\n`)
    return EXIT_USAGE
  }
}

/** The whole command line, which runs nothing before it is parsed. `done` takes the exit code of the action that ran. */
export function createProgram(options: ProgramOptions, done: (exitCode: number) => void): Command {
  const { stdout, stderr } = options
  const program = new Command('millrace')
    .description("The operator's command for Millrace.")
    .version(release.version, '--version', 'print the version')
    .exitOverride()
    .showHelpAfterError('(--help says what can be typed)')
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .hook('preAction', (_program, command) => fillDevSecrets(command, options.env, process.cwd()))
  const world = { ...options, done }
  registerInit(program, world)
  registerDev(program, world)
  registerImport(program, world)
  registerPlan(program, world)
  registerLookup(program, world)
  registerQuarantine(program, world)
  registerDead(program, world)
  registerSpill(program, world)
  registerQuery(program, world)
  registerTail(program, world)
  registerBooks(program, world)
  registerExport(program, world)
  registerForget(program, world)
  registerCorrections(program, world)
  registerMigrate(program, world)
  registerReplay(program, world)
  registerDoctor(program, world)
  registerDeploy(program, world)
  return program
}
