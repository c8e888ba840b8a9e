/** Loads the real class of the live object, which takes its base class from the platform. */

import { registerHooks } from 'node:module'
import type { ObjectClass } from './durable-object.ts'

const BASE = new URL('./cloudflare-workers.ts', import.meta.url).href

let isHooked = false

/** The class. Node gets a base class of ours where it is asked for `cloudflare:workers`; Vite has an alias for it. */
export async function loadAggregator(): Promise<ObjectClass> {
  hook()
  // Not by its name: its types are those of the platform, which are not of this folder.
  const path = '../../../consumers/src/live/aggregator.ts'
  const { LiveAggregator } = (await import(/* @vite-ignore */ new URL(path, import.meta.url).href)) as {
    LiveAggregator: ObjectClass
  }
  return LiveAggregator
}

/** To be called before production code is loaded; in Vite it does nothing. */
export function hook(): void {
  if (!isHooked) {
    isHooked = true
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'cloudflare:workers' ? { url: BASE, shortCircuit: true } : next(specifier, context),
    })
  }
}
