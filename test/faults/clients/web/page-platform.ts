/** The rest of a page's platform: its date, chance, compression, timers. Everything by the machine alone. */

import { gzipSync } from 'node:zlib'
import type { Machine } from '../machine.ts'
import type { PageGlobals } from './sdk.ts'
import { createSignals } from './signal.ts'

/** What differs between browsers. */
export interface BrowserKind {
  /** Whether `fetch` knows `keepalive`. */
  hasKeepalive: boolean
  hasCompression: boolean
  hasLocks: boolean
}

/** The globals that depend on no page. */
export function createPagePlatform(machine: Machine, kind: BrowserKind): PageGlobals {
  const { process, random } = machine
  const setTimeout = (run: () => void, ms = 0) => machine.setTimeout(run, ms)
  return {
    setTimeout,
    clearTimeout: machine.clearTimeout,
    setInterval(run: () => void, ms: number) {
      const again = () => {
        machine.setTimeout(() => {
          again()
          run()
        }, ms)
      }
      again()
    },
    queueMicrotask: (run: () => void) => queueMicrotask(() => void (process.isDead() || run())),
    Date: createDate(machine.now),
    Math: Object.assign(Object.create(Math) as Math, { random }),
    crypto: {
      getRandomValues(bytes: Uint8Array) {
        for (let index = 0; index < bytes.length; index++) bytes[index] = random() * 256
        return bytes
      },
    },
    // The first look at the time zone takes a while, and there is one for every drain.
    Intl: { DateTimeFormat: () => ({ resolvedOptions: () => ({ timeZone: 'Europe/Berlin' }) }) },
    AbortSignal: createSignals(setTimeout),
    Request: kind.hasKeepalive
      ? class {
          get keepalive() {
            return false
          }
        }
      : class {},
    ...(kind.hasCompression ? COMPRESSION : {}),
  }
}

/** A `Date` that knows the time of the machine alone. */
function createDate(now: () => number): typeof Date {
  return class extends Date {
    constructor(...args: (number | string)[]) {
      super(args[0] ?? now())
    }
    static override now() {
      return now()
    }
  } as unknown as typeof Date
}

/** `new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).blob()`, at once and always the same. */
const COMPRESSION: PageGlobals = {
  Blob: class {
    #parts: string[]
    constructor(parts: string[]) {
      this.#parts = parts
    }
    stream() {
      return { pipeThrough: () => gzipSync(this.#parts.join('')) }
    }
  },
  CompressionStream: class {},
  Response: class {
    #bytes: Uint8Array
    constructor(bytes: Uint8Array) {
      this.#bytes = bytes
    }
    async blob() {
      return this.#bytes
    }
  },
}
