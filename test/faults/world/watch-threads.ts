/** Finds what would end when a thread of the real machine has its turn, and not when the world says. */

import { createHook } from 'node:async_hooks'

/** Kinds of asynchronous work that a turn of the loop is enough for, and zlib's, whose synchronous functions have one too. */
const AT_ONCE = new Set(['PROMISE', 'TickObject', 'Microtask', 'Immediate', 'ZLIB'])

/**
 * Runs something, and gives what of it takes a thread: kinds as Node names them, with where each began.
 *
 * @see https://nodejs.org/api/async_hooks.html#type
 */
export async function findThreads(run: () => Promise<unknown>): Promise<string[]> {
  const found = new Map<string, string>()
  const hook = createHook({
    init(_id, type) {
      if (AT_ONCE.has(type) || found.has(type)) return
      const [, , ...stack] = (new Error().stack ?? '').split('\n')
      found.set(type, `${type}${stack.slice(0, 8).join('\n')}`)
    },
  })
  hook.enable()
  try {
    await run()
  } finally {
    hook.disable()
  }
  return [...found.values()]
}
