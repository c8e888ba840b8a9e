/** Parses `millrace` command lines with the real program, whose actions do nothing. */

import { Readable, Writable } from 'node:stream'
import { createProgram } from '../../cli/src/program.ts'

type Command = ReturnType<typeof createProgram>

/** What the program says of the arguments; `undefined` where it would run. */
export function checkMillrace(args: readonly string[]): string | undefined {
  let said = ''
  const sink = new Writable({
    write(chunk, _, done) {
      said += chunk
      done()
    },
  })
  const program = createProgram(
    { args: [], env: {}, stdin: Readable.from([]), stdout: sink, stderr: sink },
    () => {},
  )
  for (const command of allCommands(program)) prepare(command, sink)
  try {
    program.parse([...args], { from: 'user' })
    return undefined
  } catch (error) {
    const { code = '', exitCode, message } = error as { code?: string; exitCode?: number; message: string }
    if (!code.startsWith('commander.')) throw error
    return exitCode === 0 ? undefined : said.trim() || message
  }
}

/** Commands that take an option, each as it is typed: `query`, `lookup load`. */
export function commandsWith(option: string): string[] {
  const silent = new Writable({ write: (_, __, done) => done() })
  const world = { args: [], env: {}, stdin: Readable.from([]), stdout: silent, stderr: silent }
  return allCommands(createProgram(world, () => {}))
    .filter((command) => command.options.some(({ long }) => long === option))
    .map(pathOf)
}

function pathOf(command: Command): string {
  const { parent } = command
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}

/** Subcommands took over the program's settings when they were made, and may have been given others since. */
function prepare(command: Command, sink: Writable): void {
  command
    .exitOverride()
    .configureOutput({ writeOut: (text) => sink.write(text), writeErr: (text) => sink.write(text) })
  // A command that only holds others is to be refused, as it is when it is typed.
  if (command.commands.length === 0) command.action(() => {})
}
