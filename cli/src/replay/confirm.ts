/** Asks on a terminal whether to go on. */

import { createInterface } from 'node:readline/promises'
import type { CommandWorld } from '../command-world.ts'

/** Whether there is somebody to ask. */
export function isTerminal({ stdin, stderr }: CommandWorld): boolean {
  return 'isTTY' in stdin && stdin.isTTY === true && stderr.isTTY === true
}

/** Puts a question to which `y` or `yes` is yes; where there is no terminal the answer is no. */
export async function confirm(world: CommandWorld, question: string): Promise<boolean> {
  if (!isTerminal(world)) return false
  const { stdin, stderr, signal } = world
  const lines = createInterface({ input: stdin, output: stderr, terminal: false })
  // At Ctrl-D, or when the terminal is gone, the question would wait for ever.
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
  try {
    const answering = lines.question(`${question} Go on? [y/N] `, signal === undefined ? {} : { signal })
    return /^y(es)?$/i.test((await Promise.race([answering, ended])).trim())
  } finally {
    lines.close()
  }
}
