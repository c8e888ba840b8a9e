/** Finds what would end when a thread of the real machine has its turn, and not when the world says. */

import { createHook } from 'node:async_hooks'

/** Kinds of asynchronous work that a turn of the loop is enough for. */
const AT_ONCE = new Set(['PROMISE', 'TickObject', 'Microtask', 'Immediate'])

/** The synchronous functions of zlib begin work of its kind, too. */
const IS_SYNC_ZLIB = /\bsyncBufferWrapper\b/

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
      const stack = new Error().stack ?? ''
      if (type === 'ZLIB' && IS_SYNC_ZLIB.test(stack)) return
      found.set(type, `${type}${stack.split('\n').slice(2).join('\n')}`)
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
