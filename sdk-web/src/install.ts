/** Puts a client where the paste-in stub was, and makes the calls that the stub kept. */

import type { Millrace } from './api.ts'
import type { Stamp } from './stamp.ts'

/** A call that the stub kept: function, arguments, when and where it was made, and whom to tell the result. */
type StubCall = [
  name: string,
  args: unknown[],
  at: number,
  href: string,
  title: string,
  resolve: (value: unknown) => void,
]

/** What is found under the global name: a stub has its calls in `q`. */
interface Installed {
  track?: unknown
  q?: StubCall[]
}

/**
 * Installs a client under a global name.
 *
 * Calls kept by a stub of that name are made in their order, each with the time, address and title of its own moment.
 * The stub's object becomes the client, and functions taken from the stub earlier keep working. When a client is
 * already there, by a second load of the script, nothing happens.
 *
 * @param host the global object
 * @param create creates the client; given a function that tells the moment of a kept call while that is made
 */
export function installClient(
  host: Record<string, unknown>,
  name: string,
  create: (recall: () => Stamp | undefined) => Millrace,
): void {
  const installed = host[name] as Installed | undefined
  const calls = installed?.q
  // An element with that id is a global of that name too; only a stub or a client has `track`.
  if (installed?.track && !calls) return

  let moment: Stamp | undefined
  const client = create(() => moment)
  const functions = client as unknown as Record<string, (...args: unknown[]) => unknown>
  const make = ([method, args, at, href, title, resolve]: StubCall) => {
    moment = { time: at, href, title, referrer: '' }
    try {
      resolve(functions[method]?.(...args))
    } finally {
      moment = undefined
    }
  }
  host[name] = calls ? Object.assign(installed, client, { q: undefined }) : client
  if (calls) {
    calls.splice(0).forEach(make)
    calls.push = make as never
  }
}
