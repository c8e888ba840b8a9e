/** The browser SDK of this source tree as a function of the browser's globals, so that each page load has its own. */

import { build } from 'esbuild'
import { ROOT } from '../../../../scripts/setup.mjs'
import type { Millrace, MillraceOptions } from '../../../../sdk-web/src/api.ts'

/** All that the SDK reads of its surroundings; whatever else it should come to read would be Node's, and is refused. */
export const GLOBALS = [
  'self',
  'window',
  'document',
  'location',
  'navigator',
  'history',
  'screen',
  'localStorage',
  'sessionStorage',
  'indexedDB',
  'fetch',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'queueMicrotask',
  'Date',
  'Math',
  'crypto',
  'Intl',
  'AbortSignal',
  'Blob',
  'Response',
  'CompressionStream',
  'Request',
  'globalThis',
  'process',
] as const

/** The globals of one page. */
export type PageGlobals = Partial<Record<(typeof GLOBALS)[number], unknown>>

/** Loads the SDK into a page. */
export type LoadSdk = (globals: PageGlobals) => (options: MillraceOptions) => Millrace

let loading: Promise<LoadSdk> | undefined

/** Bundles the SDK, once a process. */
export function bundleWebSdk(): Promise<LoadSdk> {
  loading ??= bundleMutant((code) => code)
  return loading
}

/**
 * Bundles the SDK with something broken on purpose.
 *
 * @param change gives the code that is run
 */
export async function bundleMutant(change: (code: string) => string): Promise<LoadSdk> {
  const { outputFiles } = await build({
    entryPoints: [`${ROOT}/sdk-web/src/index.ts`],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'sdk',
    target: 'es2022',
    logLevel: 'error',
  })
  const code = `"use strict";${change(outputFiles[0]?.text ?? '')}\nreturn sdk.createMillrace`
  // Compiled once: all pages share the machine code, and nothing else.
  const load = new Function(...GLOBALS, code)
  return (globals) => load(...GLOBALS.map((name) => globals[name]))
}
