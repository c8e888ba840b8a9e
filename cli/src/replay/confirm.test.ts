import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import type { CommandWorld } from '../command-world.ts'
import { confirm } from './confirm.ts'

/** Puts a question to a terminal on which that is typed; `undefined`: it ends, as at Ctrl-D. */
async function ask(typed: string | undefined, { isTTY = true, signal = new AbortController().signal } = {}) {
  const [stdin, stderr] = [new PassThrough(), new PassThrough()].map((end) => Object.assign(end, { isTTY }))
  if (typed === undefined) stdin?.end()
  else stdin?.write(typed)
  return confirm({ stdin, stderr, signal } as unknown as CommandWorld, 'All rows go.')
}

it.each<[string | undefined, boolean]>([
  ['y\n', true],
  ['Yes\n', true],
  ['\n', false],
  ['no\n', false],
  [undefined, false],
])('%j is the answer %s', async (typed, expected) => {
  expect(await ask(typed)).toBe(expected)
})

it('is no where nobody is there, and an interruption is told', async () => {
  expect(await ask('y\n', { isTTY: false })).toBe(false)
  await expect(ask('', { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
})
