/** What signals may do to the local stack: it is ended by whoever started it, in order, and by nothing else. */

import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Miniflare } from 'miniflare'
import { DOOR, type DoorState } from './door.ts'

/** Signals that end the stack. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** workerd, deaf to signals that mean the whole group. */
const WORKERD = fileURLToPath(new URL('./workerd.sh', import.meta.url))

/** Name of the Worker that {@link holdWorkerd} talks to. */
const HOLD_NAME = 'hold'

/** Time that one request to it takes: after a SIGTERM, workerd lives at least half of it and at most all. */
const HOLD_MS = 6_000

/** How long workerd may take to answer for its door. */
const MAX_ASK_MS = 1_500

/** A Worker that begins to answer at once, and ends late; and that alone reaches the door of the other. */
export const createHoldWorker = (guarded: string) => ({
  name: HOLD_NAME,
  compatibilityDate: '2026-10-20',
  serviceBindings: { DOOR: { name: guarded, entrypoint: DOOR } },
  modules: [
    {
      type: 'ESModule' as const,
      path: 'hold.js',
      contents: `export default {
        fetch(request, env, context) {
          if (new URL(request.url).pathname === '/door') return env.DOOR.fetch(request)
          const { readable, writable } = new TransformStream()
          context.waitUntil(scheduler.wait(${HOLD_MS}).then(() => writable.close()))
          return new Response(readable)
        },
      }`,
    },
  ],
})

/** A hold on workerd. */
export interface Hold {
  /**
   * Closes the door of the Worker: it answers 503 from then on. Says what is in hand behind it.
   *
   * @throws Error when workerd does not answer
   */
  closeDoor: () => Promise<DoorState>
  /** Lets workerd go. */
  release: () => void
}

/**
 * Creates something and takes away the listeners for signals that it added to this process. Those of miniflare kill
 * workerd and end the process at once, and the queue is in workerd's memory.
 */
export function withoutSignalListeners<T>(create: () => T): T {
  const kept = SIGNALS.map((signal) => new Set(process.listeners(signal)))
  const created = create()
  SIGNALS.forEach((signal, index) => {
    for (const listener of process.listeners(signal)) {
      if (kept[index]?.has(listener) === false) process.off(signal, listener)
    }
  })
  return created
}

/**
 * Has workerds that start from now on ignore SIGINT and SIGHUP, which a terminal sends to all processes of a group. Windows
 * knows no such thing.
 */
export function shieldWorkerd(env: Record<string, string | undefined> = process.env): void {
  if (process.platform === 'win32' || env['MILLRACE_WORKERD'] !== undefined) return
  const workerd = createRequire(import.meta.resolve('miniflare'))('workerd') as { default: string }
  env['MILLRACE_WORKERD'] = env['MINIFLARE_WORKERD_PATH'] ?? workerd.default
  env['MINIFLARE_WORKERD_PATH'] = WORKERD
}

/**
 * Keeps workerd alive for {@link HOLD_MS} / 2 when it gets a SIGTERM of its own, as systemd sends it to every process of a
 * unit. workerd cannot be made to ignore that one, but it finishes requests that are under way before it ends, and its
 * queue goes on meanwhile; so there always is one. Each ends by itself, so that a workerd that alone got the signal is
 * gone soon, and miniflare starts another.
 *
 * @returns when the first is under way
 */
export async function holdWorkerd(miniflare: Pick<Miniflare, 'getWorker'>): Promise<Hold> {
  // Kept: miniflare's `getWorker` stands still until workerd answers, and workerd stands still when nobody reads what it
  // logs. Under a flood of log lines each would wait for the other for ever.
  let known: Awaited<ReturnType<Miniflare['getWorker']>> | undefined
  const reach = async () => {
    known ??= await miniflare.getWorker(HOLD_NAME)
    return known
  }
  const begin = async () => {
    const response = await (await reach()).fetch('http://hold/')
    // Read, or the garbage collector would end it. That it breaks off with workerd is as it should be.
    response.arrayBuffer().catch(() => {})
  }
  await begin()
  const beginAgain = () =>
    begin().catch(() => {
      // It met a workerd that is ending or being started again; the next finds the new one.
      known = undefined
    })
  const askDoor = async () => {
    const response = await (await reach()).fetch('http://hold/door')
    if (!response.ok) throw new Error(`the door of the Worker answered ${response.status}`)
    return (await response.json()) as DoorState
  }
  const askTwice = () =>
    askDoor().catch(() => {
      // It met a workerd that is being started again.
      known = undefined
      return askDoor()
    })
  const within = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, refuseAfter(MAX_ASK_MS)])
  const timer = setInterval(beginAgain, HOLD_MS / 2)
  return {
    closeDoor: () => within(askTwice()),
    release: () => clearInterval(timer),
  }
}

async function refuseAfter(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false })
  throw new Error(`workerd has not answered within ${ms} ms`)
}
