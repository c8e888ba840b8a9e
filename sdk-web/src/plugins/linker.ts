/** Takes a visitor's id along to another domain of the same owner, where cookies do not reach. */

import { isWithin, LINK, urlOf } from './elements.ts'
import { decodeLinkToken, encodeLinkToken } from './link-token.ts'
import { guard, install, listen, type Page, type PluginClient, type Stop } from './plugin.ts'

/** How long a link is good for, in milliseconds: slow networks and redirects, not a link that is passed on. */
const MAX_AGE_MS = 120_000

/** Options of {@link linker}; the same on all sites. */
export interface LinkerOptions {
  /** Domains that share the visitor, with all below them, this one included. */
  domains: readonly string[]
  /** Name of the parameter in addresses. Default `_ml`. */
  paramName?: string
  /** How long after the click an id is taken over, in milliseconds. Default 120,000. */
  maxAgeMs?: number
  /** Reads the clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number
  /** The page to watch. Default: the one that the script runs in. */
  window?: Page
}

/**
 * Takes over the id that the page's address brings, and adds the visitor's id to links and forms that go to one of the
 * domains, for the moment of the click. Call it before the first `page()`: the parameter is then in no page view. While
 * consent is pending nothing is added and nothing taken over; what was brought is taken over once it is granted.
 *
 * An id is taken over if the check in the parameter is right, it is young enough, the browser looks the same (user agent,
 * language, time zone), and the page before, where the browser names it, is on one of the domains. So a link that was
 * copied, kept or altered makes no two people one. It is no secret and no signature: who wants to give visitors an id of
 * their choice can make such a link, so no right may hang on an anonymous id.
 *
 * @example
 * import { createMillrace } from '@millrace/web'
 * import { linker } from '@millrace/web/linker'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * linker(millrace, { domains: ['shop.example', 'help.example'] })
 * millrace.page()
 *
 * @returns a function that ends it
 */
export function linker(client: PluginClient, options: LinkerOptions): Stop {
  const { domains, paramName = '_ml', maxAgeMs = MAX_AGE_MS, now = Date.now } = options
  return install(options.window, (window, signal) => {
    const { document, location, navigator } = window
    const browser = [navigator.userAgent, navigator.language, new Date().getTimezoneOffset()].join()

    /** Adds the visitor's id to where an attribute leads, for as long as the browser takes to go there. */
    function decorate(element: Element, attribute: string, form?: HTMLFormElement): void {
      const url = urlOf(element, attribute)
      const id = client.user().anonymousId()
      if (!id || !url || url.hostname === location.hostname || !isWithin(url.hostname, domains)) return
      const token = encodeLinkToken(id, now(), browser)
      // Afterwards nobody copies an address that has an id in it.
      window.setTimeout(form ? addField(form, paramName, token) : addToLink(element, attribute, url, token))
    }
    function addToLink(element: Element, attribute: string, url: URL, token: string): () => void {
      const original = element.getAttribute(attribute) ?? ''
      const search = withoutParameter(url.search, paramName)
      url.search = `${search}${search ? '&' : '?'}${paramName}=${token}`
      element.setAttribute(attribute, url.href)
      return () => element.setAttribute(attribute, original)
    }

    listen<MouseEvent>(
      window,
      ['click', 'auxclick'],
      (event) => {
        const link = event.composedPath().find((target) => (target as Element).matches?.(LINK))
        if (link && event.button < 2) decorate(link as Element, 'href')
      },
      signal,
    )
    listen<SubmitEvent>(
      window,
      ['submit'],
      ({ target, submitter }) => {
        const form = target as HTMLFormElement
        const method = submitter?.getAttribute('formmethod') ?? form.getAttribute('method')
        // Unless it is a POST, the browser replaces the query of the address by the fields.
        const getForm = /^post$/i.test(method ?? '') ? undefined : form
        if (submitter?.hasAttribute('formaction')) decorate(submitter, 'formaction', getForm)
        else decorate(form, 'action', getForm)
      },
      signal,
    )

    let id = readId()
    const adopt = guard(() => {
      if (!id || !client.user().anonymousId()) return
      client.setAnonymousId(id)
      id = undefined
    })
    signal.addEventListener('abort', client.on('consent', adopt))
    adopt()

    /** Takes the parameter out of the page's address; gives the id in it if it is to be trusted. */
    function readId(): string | undefined {
      const url = new URL(location.href)
      const token = url.searchParams.get(paramName)
      if (!token) return undefined
      url.search = withoutParameter(url.search, paramName)
      window.history.replaceState(window.history.state, '', url.href)
      const isOurs = isWithin(new URL(document.referrer || url).hostname, [...domains, url.hostname])
      return isOurs ? decodeLinkToken(token, now(), browser, maxAgeMs) : undefined
    }
  })
}

/** Adds a field to a form that is being submitted; gives what removes it. */
function addField(form: HTMLFormElement, name: string, value: string): () => void {
  const field = form.ownerDocument.createElement('input')
  Object.assign(field, { type: 'hidden', name, value })
  form.append(field)
  return () => field.remove()
}

/** The rest of a query, as it was written. */
function withoutParameter(search: string, name: string): string {
  return search.replace(RegExp(`([?&])${name}=[^&]*&?`), '$1').replace(/[?&]$/, '')
}
