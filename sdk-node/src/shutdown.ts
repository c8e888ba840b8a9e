/**
 * The end of the process: listens while there is something to lose, and only then, so that an idle client leaves no
 * listener behind. Leaves to the client what to save and what to send.
 */

import type { ExitSource } from './client-options.ts'

/** Signals that ask a process to end, and that it can hear. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

export interface Shutdown {
  /** Listens from now on; calling it again changes nothing. */
  watch(): void
  /** Listens no more. */
  unwatch(): void
}

export interface ShutdownOptions {
  process: ExitSource | undefined
  /** Calls back in a moment, without holding the process. */
  defer: (callback: () => void) => void
  /** The process has nothing left to do and would end; not called by `process.exit()` or a signal. */
  onIdle: (() => void) | undefined
  /** The process ends now; nothing that takes a turn of the event loop is done any more. */
  onExit: () => void
  /**
   * The process was asked to end; a promise is waited for, when nobody but us decides. Signals are left alone when absent.
   *
   * @param isOurs whether the application has no listener of its own
   */
  onSignal: ((isOurs: boolean) => Promise<void> | undefined) | undefined
}

/**
 * Watches over `beforeExit`, `exit` (nodejs.org/api/process.html#process-events) and, with `onSignal`, three signals.
 *
 * A listener keeps Node from ending a process by a signal, so when nobody else listens, the signal is raised again with
 * ours taken away. When the application listens, it alone decides.
 */
export function createShutdown(options: ShutdownOptions): Shutdown {
  const { process, onIdle, onSignal } = options
  const names: string[] = ['exit']
  if (onIdle !== undefined) names.push('beforeExit')
  if (onSignal !== undefined && canRaise(process)) names.push(...SIGNALS)
  let isWatching = false

  return {
    watch() {
      if (isWatching || process === undefined) return
      isWatching = true
      for (const name of names) hubOf(process).join(name, options)
    },
    unwatch() {
      if (!isWatching || process === undefined) return
      isWatching = false
      for (const name of names) hubOf(process).leave(name, options)
    },
  }
}

/** One listener a name for all clients: Node warns of more than ten. */
interface Hub {
  join(name: string, member: ShutdownOptions): void
  leave(name: string, member: ShutdownOptions): void
}

const hubs = new WeakMap<ExitSource, Hub>()

function hubOf(process: ExitSource): Hub {
  const hub = hubs.get(process) ?? createHub(process)
  hubs.set(process, hub)
  return hub
}

function createHub(process: ExitSource): Hub {
  const membersOf = new Map<string, Set<ShutdownOptions>>()
  const listeners = new Map<string, () => void>()

  function listen(name: string): void {
    if (listeners.has(name)) return
    const listener = () => tell(name)
    listeners.set(name, listener)
    // First of all listeners: one that the application added with `once` is gone from the count when it has been called.
    // At the exit, one that throws keeps all after it from being called.
    if (name !== 'beforeExit' && process.prependListener !== undefined)
      process.prependListener(name, listener)
    else process.on(name as 'exit', listener)
  }

  function ignore(name: string): void {
    const listener = listeners.get(name)
    listeners.delete(name)
    if (listener !== undefined) process.off(name, listener)
  }

  function tell(name: string): void {
    const members = [...(membersOf.get(name) ?? [])]
    if (isSignal(name)) handle(name, process as RaisingSource, members)
    else for (const { onIdle, onExit } of members) name === 'exit' ? onExit() : onIdle?.()
  }

  function handle(signal: string, source: RaisingSource, members: readonly ShutdownOptions[]): void {
    ignore(signal)
    const isOurs = source.listenerCount(signal) === 0
    const sent = members.map(({ onSignal }) => onSignal?.(isOurs)).filter((each) => each !== undefined)
    if (!isOurs) {
      members[0]?.defer(() => {
        if (membersOf.get(signal)?.size) listen(signal)
      })
      return
    }
    const raise = () => source.kill(source.pid, signal)
    // A second signal meanwhile finds no listener, and ends the process at once.
    if (sent.length === 0) raise()
    else void Promise.allSettled(sent).then(raise)
  }

  return {
    join(name, member) {
      const members = membersOf.get(name) ?? new Set()
      membersOf.set(name, members.add(member))
      listen(name)
    },
    leave(name, member) {
      const members = membersOf.get(name)
      members?.delete(member)
      if (members?.size === 0) ignore(name)
    },
  }
}

function isSignal(name: string): boolean {
  return name.startsWith('SIG')
}

type RaisingSource = Required<ExitSource>

/** Whether a signal can be heard first and raised again; a fake or a Worker's `process` may not. */
function canRaise(process: ExitSource | undefined): process is RaisingSource {
  return (
    typeof process?.kill === 'function' &&
    typeof process.prependListener === 'function' &&
    typeof process.listenerCount === 'function'
  )
}
