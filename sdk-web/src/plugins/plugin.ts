/** What all plugins share: what they need of a client and of a page, and that nothing of theirs throws into the page. */

import type { Millrace } from '../api.ts'

/** The part of a client that plugins use; every client has it, whatever its tracking plan. */
export interface PluginClient extends Pick<Millrace, 'consent' | 'on' | 'setAnonymousId' | 'user'> {
  /** Records that something happened. */
  track(event: string, properties: object): unknown
}

/** Takes away what a plugin added to the page and to the client. */
export type Stop = () => void

/** A window, with the constructors that it has. */
export type Page = Window & typeof globalThis

/**
 * Starts a plugin. Without a page (on a server) nothing happens.
 *
 * @param page undefined for the one that the script runs in
 * @param run does the plugin's work until the signal is aborted; what it throws is ignored
 */
export function install(page: Page | undefined, run: (page: Page, signal: AbortSignal) => void): Stop {
  const controller = new AbortController()
  const stop = () => controller.abort()
  try {
    const window = page ?? (globalThis.window as Page | undefined)
    if (window) run(window, controller.signal)
  } catch {
    stop() // a browser that lacks what the plugin needs
  }
  return stop
}

/**
 * Listens in the capture phase: before the page, which may stop an event there, and before the client, which sends what
 * waits as the page hides.
 */
export function listen<Heard extends Event>(
  target: EventTarget,
  types: readonly string[],
  handle: (event: Heard) => void,
  signal: AbortSignal,
): void {
  const listener = guard(handle) as EventListener
  for (const type of types) target.addEventListener(type, listener, { capture: true, signal })
}

/** A function that ignores what the given one throws: the page may have replaced any part of the browser. */
export function guard<Args extends unknown[]>(run: (...args: Args) => void): (...args: Args) => void {
  return (...args) => {
    try {
      run(...args)
    } catch {} // measuring is never the page's problem
  }
}
