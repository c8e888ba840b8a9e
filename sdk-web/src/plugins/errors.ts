/** Records errors that nothing on the page has caught. */

import { readError } from './error-fields.ts'
import { install, listen, type Page, type PluginClient, type Stop } from './plugin.ts'

/** Most errors of one page load: a loop that throws is not worth more. */
const MAX_ERRORS = 20

/** Browsers report this when they spread one layout over two frames; nothing is wrong (Resize Observer, section 3.3). */
const HARMLESS = /^ResizeObserver loop/

/** Options of {@link errors}. */
export interface ErrorsOptions {
  /** Most errors that are recorded in one page load. Default 20. */
  maxErrors?: number
  /** Errors whose message one of these matches are not recorded. Default: the ResizeObserver's notice. */
  ignore?: readonly RegExp[]
  /** Also images, scripts and style sheets that could not be loaded. Default false. */
  resources?: boolean
  /** The page to watch. Default: the one that the script runs in. */
  window?: Page
}

/**
 * Starts recording `Error Occurred` `{ kind, message, name, source, line, column, stack }`, `kind` being `error`,
 * `rejection` (of a promise that nobody handles) or `resource`. The same error is recorded once in a page load. Messages
 * and stacks are the page's own text, cut to 500 and 2,000 characters: see that nothing personal is in them, or change
 * them with the client's `use`.
 *
 * @example
 * import { createMillrace } from '@millrace/web'
 * import { errors } from '@millrace/web/errors'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * errors(millrace, { resources: true })
 *
 * @returns a function that ends it
 */
export function errors(client: PluginClient, options: ErrorsOptions = {}): Stop {
  const { maxErrors = MAX_ERRORS, ignore = [HARMLESS], resources = false } = options
  const known = new Set<string>()
  let isBusy = false

  function record(event: Event): void {
    const fields = readError(event)
    const key = JSON.stringify(fields)
    if (known.size >= maxErrors || known.has(key) || (fields.kind === 'resource' && !resources)) return
    if (ignore.some((pattern) => pattern.test(fields.message))) return
    known.add(key)
    client.track('Error Occurred', fields)
  }

  return install(options.window, (window, signal) => {
    const handle = (event: Event) => {
      if (isBusy) return // recording an error must not record another
      isBusy = true
      try {
        record(event)
      } finally {
        isBusy = false
      }
    }
    listen(window, ['error', 'unhandledrejection'], handle, signal)
  })
}
