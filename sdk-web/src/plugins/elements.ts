/** Reads elements of a page: the way of an event through it, links, forms. What is recorded of them is left to others. */

import { guard } from './plugin.ts'

/** Marks elements in which nothing is recorded. */
export const IGNORE = '[data-millrace-ignore]'

/** Longest text and longest address that are kept, in UTF-16 units. */
const MAX_TEXT = 100
const MAX_URL = 2_048

/** Elements whose text a visitor may have written, or a page has asked to leave alone. */
const PRIVATE = `input,textarea,select,[contenteditable],${IGNORE}`

/** What a visitor fills in; the rest of a form's controls are buttons. */
const FIELD = 'select,textarea,input:not([type=hidden],[type=submit],[type=button],[type=reset],[type=image])'

/** `nodeType` of shadow roots, in the path of an event (DOM, section 4.4). */
const SHADOW_ROOT = 11

/** A link, an area of an image map, with an address. */
export const LINK = 'a[href],area[href]'

/** The elements that an event passes, innermost first, those inside of open shadow roots included. */
export function elementsOf(event: Event): Element[] {
  return event.composedPath().filter((target): target is Element => 'matches' in target)
}

/** Whether the page wants nothing recorded of an element or of what is around it, out of shadow roots too. */
export function isIgnored(element: Element): boolean {
  const { host } = element.getRootNode() as ShadowRoot
  return !!element.closest(IGNORE) || (!!host && isIgnored(host))
}

/** An http(s) address that an attribute of an element holds; undefined for any other. */
export function urlOf(element: Element, attribute: string): URL | undefined {
  try {
    const url = new URL(element.getAttribute(attribute) ?? '', element.baseURI)
    if (/^https?:/.test(url.protocol)) return url
  } catch {} // not an address at all
  return undefined
}

/** An address as it may be recorded: without user, password and fragment. */
export function hrefOf(url: URL): string {
  const copy = new URL(url)
  copy.username = copy.password = copy.hash = ''
  return copy.href.slice(0, MAX_URL)
}

/** Whether a host is one of the domains or below one. */
export function isWithin(host: string, domains: readonly string[]): boolean {
  return domains.some((domain) => host === domain || host.endsWith(`.${domain}`))
}

/** Text of a link, or its label for screen readers; undefined where a visitor may have written a part of it. */
export function textOf(element: Element): string | undefined {
  if ((element as HTMLElement).isContentEditable || element.querySelector(PRIVATE)) return undefined
  const text = element.textContent?.trim() || element.getAttribute('aria-label')
  return text?.replace(/\s+/g, ' ').slice(0, MAX_TEXT)
}

/** What a form is, and nothing of what is in it; `action` without its query. */
export function describeForm(form: HTMLFormElement): object {
  const url = urlOf(form, 'action')
  return {
    // By attribute: a field named `id` or `action` takes the place of the form's property.
    id: form.getAttribute('id'),
    name: form.getAttribute('name'),
    action: url && url.origin + url.pathname,
    fields: Array.from(form.elements).filter((element) => element.matches(FIELD)).length,
  }
}

/**
 * Hears forms being submitted, in open shadow roots too. Such an event does not leave its root, so a root is listened to
 * once something happens in it that may come before: a click, a key, a field that gets the focus.
 */
export function listenToSubmit(
  window: EventTarget,
  handle: (form: HTMLFormElement) => void,
  signal: AbortSignal,
): void {
  const options = { capture: true, signal }
  const listener = guard((event: Event) => {
    handle(event.composedPath()[0] as HTMLFormElement)
  })
  const follow = guard((event: Event) => {
    // At the window the target is the outermost host.
    if (!(event.target as Element).shadowRoot) return
    for (const target of event.composedPath()) {
      // Adding the same listener again changes nothing.
      if ((target as Node).nodeType === SHADOW_ROOT) target.addEventListener('submit', listener, options)
    }
  })
  window.addEventListener('submit', listener, options)
  for (const type of ['click', 'focusin', 'keydown']) window.addEventListener(type, follow, options)
}
