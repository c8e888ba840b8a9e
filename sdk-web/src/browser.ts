/** Puts a client together, with a page or without one. */

import type { JsonObject } from '@millrace/schemas/wire'
import type { Consent, DropReason, Middleware, Millrace, MillraceOptions } from './api.ts'
import { attempt } from './attempt.ts'
import { callLater, createEmitter, createVerbs } from './client.ts'
import { parseOptions, toConsent } from './options.ts'
import type { Page } from './page.ts'
import { openPage } from './page.ts'
import type { Stamp } from './stamp.ts'

/**
 * Creates a client for the page, or one that records nothing where there is no page: on a server.
 *
 * @param recall as for `openPage`
 * @throws TypeError, RangeError for a wrong option
 */
export function createBrowserClient(options: MillraceOptions, recall?: () => Stamp | undefined): Millrace {
  const settings = parseOptions(options)
  const { on, emit } = createEmitter()
  const middlewares = new Set<Middleware>()
  const dropped: Partial<Record<DropReason, number>> = {}
  const unreported: JsonObject = {}
  let isTelling = false
  const drop = (reason: DropReason, count = 1) => {
    if (!count) return
    dropped[reason] = (dropped[reason] || 0) + count
    unreported[reason] = ((unreported[reason] as number) || 0) + count
    // A listener that records may have that given up too.
    if (isTelling) return
    isTelling = true
    emit('dropped', reason, count)
    isTelling = false
  }
  const onInvalid = () => drop('invalid_call')

  const page =
    typeof document === 'object'
      ? openPage(settings, middlewares, unreported, drop, emit, rehearse, recall)
      : NO_PAGE
  return {
    ...createVerbs(page, emit, onInvalid),
    consent(change) {
      attempt(() => page.decide(toConsent(change) as Consent), onInvalid)
    },
    flush: page.send,
    use(middleware) {
      if (typeof middleware === 'function') middlewares.add(middleware)
      return () => void middlewares.delete(middleware)
    },
    on,
    ready: callLater,
    dropped,
  }
}

const nothing = () => {}

/** Has the browser read what every call runs. */
const rehearse = () => void createVerbs(NO_PAGE, nothing, nothing).track('')

/** Where nothing is recorded. */
const NO_PAGE: Page = {
  record: nothing,
  person: () => ({}),
  change: nothing,
  finish: nothing,
  decide: nothing,
  send: callLater as () => Promise<void>,
}
