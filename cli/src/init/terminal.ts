/** Asks on a terminal, by `@inquirer/prompts`. */

import type { CommandWorld } from '../command-world.ts'
import { printable } from '../printable.ts'
import { Interrupted, type Prompts } from './questions.ts'

/** What a prompt reads from, writes to, and is ended by. */
export interface PromptContext {
  input: NodeJS.ReadableStream
  output: NodeJS.WritableStream
  signal: AbortSignal
}

/** Errors by which a prompt says that the person went away. */
const GONE: readonly string[] = ['AbortPromptError', 'CancelPromptError', 'ExitPromptError']

/** Events after which nothing is typed any more. */
const ENDS = ['end', 'close'] as const

/** Prompts on the world's terminal; questions go to standard error, so that standard output has the report alone. */
export async function createTerminalPrompts(
  world: Pick<CommandWorld, 'stdin' | 'stderr' | 'signal'>,
): Promise<Prompts> {
  // Loaded here: few commands need it.
  const { input, confirm, select } = await import('@inquirer/prompts')
  const ask = <T>(prompt: (context: PromptContext) => Promise<T>) => askOnTerminal(world, prompt)
  return {
    say: (line) => void world.stderr.write(`${printable(line)}\n`),
    input: ({ message, suggestion, check }) =>
      ask((context) => input({ message, default: suggestion, validate: check }, context)),
    confirm: ({ message, suggestion }) =>
      ask((context) => confirm({ message, default: suggestion }, context)),
    choose: (message) =>
      ask((context) =>
        select(
          {
            message: printable(message),
            choices: [
              { value: 'keep', name: 'keep it as it is' },
              { value: 'beside', name: 'keep it, and write the new one beside it' },
              { value: 'overwrite', name: 'overwrite it' },
            ],
          },
          context,
        ),
      ),
  }
}

/** Puts a prompt to the world's terminal. @throws Interrupted at Ctrl-C, at Ctrl-D, and when the terminal is gone */
export async function askOnTerminal<T>(
  { stdin, stderr, signal }: Pick<CommandWorld, 'stdin' | 'stderr' | 'signal'>,
  prompt: (context: PromptContext) => Promise<T>,
): Promise<T> {
  // At Ctrl-D, or when the terminal is gone, readline closes, and the prompt would wait for ever.
  const ending = new AbortController()
  const onEnd = () => ending.abort()
  const onKey = (_: unknown, key: { ctrl?: boolean; name?: string } | undefined) => {
    if (key?.ctrl === true && key.name === 'd') onEnd()
  }
  stdin.on('keypress', onKey)
  for (const event of ENDS) stdin.on(event, onEnd)
  if (stdin.readableEnded || stdin.destroyed) onEnd()
  const signals = [ending.signal, ...(signal === undefined ? [] : [signal])]
  try {
    return await prompt({ input: stdin, output: stderr, signal: AbortSignal.any(signals) })
  } catch (error) {
    if (error instanceof Error && GONE.includes(error.name))
      throw new Interrupted('interrupted', { cause: error })
    throw error
  } finally {
    stdin.off('keypress', onKey)
    for (const event of ENDS) stdin.off(event, onEnd)
  }
}
