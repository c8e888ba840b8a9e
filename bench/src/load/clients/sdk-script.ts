/** The real `@millrace/web`, as it is built, as a function of what a page gives it: many pages in one process. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { ROOT } from '../../../../scripts/setup.mjs'

/** The globals of a page that the SDK uses and that Node has not, or has one of for the whole process. */
export interface PageGlobals {
  window: object
  self: object
  document: object
  navigator: object
  location: object
  localStorage: object
  sessionStorage: object
  indexedDB: object
  fetch: typeof fetch
  setTimeout: (run: () => void, ms?: number) => unknown
  setInterval: (run: () => void, ms?: number) => unknown
}

/** The part of the SDK's client that is used. */
export interface WebClient {
  page: (name: string, properties?: object) => void
  track: (event: string, properties: object) => void
  flush: () => Promise<void>
  on: (name: string, listener: (...args: never[]) => void) => void
}

const NAMES = [
  ...['window', 'self', 'document', 'navigator', 'location', 'localStorage', 'sessionStorage', 'indexedDB'],
  ...['fetch', 'setTimeout', 'setInterval'],
] as const satisfies (keyof PageGlobals)[]

/** A function that does what loading the script and `createMillrace` do on a page. */
export function loadWebSdk(): (globals: PageGlobals, options: object) => WebClient {
  const built = readFileSync(join(ROOT, 'sdk-web/dist/index.js'), 'utf8')
  const { code } = transformSync(built, { format: 'iife', globalName: 'sdk' })
  const run = new Function(...NAMES, 'options', `${code};return sdk.createMillrace(options)`)
  return (globals, options) => run(...NAMES.map((name) => globals[name]), options)
}
