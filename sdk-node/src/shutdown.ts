/**
 * The end of the process: listens while there is something to lose, and only then, so that an idle client leaves no
 * listener behind. Leaves to the client what to save and what to send.
 */

import type { ExitSource } from './types.ts'

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
export function createShutdown({ process, defer, onIdle, onExit, onSignal }: ShutdownOptions): Shutdown {
  const handlers = new Map<string, () => void>()
  if (onIdle !== undefined) handlers.set('beforeExit', onIdle)
  handlers.set('exit', onExit)
  if (onSignal !== undefined && canRaise(process)) {
    for (const signal of SIGNALS) handlers.set(signal, () => handle(signal, process, onSignal))
  }
  let isWatching = false

  function add(name: string): void {
    const handler = handlers.get(name) as () => void
    // First of all listeners: one that the application added with `once` is gone from the count when it has been called.
    if (name.startsWith('SIG')) process?.prependListener?.(name, handler)
    else process?.on(name as 'exit', handler)
  }

  function handle(signal: string, source: RaisingSource, ask: NonNullable<typeof onSignal>): void {
    source.off(signal, handlers.get(signal) as () => void)
    const isOurs = source.listenerCount(signal) === 0
    const sent = ask(isOurs)
    if (!isOurs) {
      defer(() => {
        if (isWatching) add(signal)
      })
      return
    }
    const raise = () => source.kill(source.pid, signal)
    // A second signal meanwhile finds no listener, and ends the process at once.
    if (sent === undefined) raise()
    else void sent.finally(raise)
  }

  return {
    watch() {
      if (isWatching) return
      isWatching = true
      for (const name of handlers.keys()) add(name)
    },
    unwatch() {
      if (!isWatching) return
      isWatching = false
      for (const [name, handler] of handlers) process?.off(name, handler)
    },
  }
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
