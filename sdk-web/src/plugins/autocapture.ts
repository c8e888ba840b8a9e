/** Records clicks, outbound links, downloads and forms by themselves; what is in fields is never read. */

import {
  describeForm,
  elementsOf,
  hrefOf,
  IGNORE,
  isIgnored,
  isWithin,
  LINK,
  listenToSubmit,
  textOf,
  urlOf,
} from './elements.ts'
import { install, listen, type Page, type PluginClient, type Stop } from './plugin.ts'

/** Extensions of files that browsers usually save, or hand to another program. */
const DOWNLOADS = 'pdf|zip|gz|rar|7z|dmg|pkg|exe|msi|apk|iso|csv|txt|rtf|docx?|xlsx?|pptx?|mp[34]|wav|mov|avi'

const NAMED = 'data-millrace-event'

/** Options of {@link autocapture}. */
export interface AutocaptureOptions {
  /** Elements with `data-millrace-event`, and `selectors`. Default true. */
  clicks?: boolean
  /**
   * Further elements: keys are names of events, values CSS selectors. A selector that the browser does not understand
   * matches nothing. Default none.
   */
  selectors?: Record<string, string>
  /** Links to other sites. Default true. */
  outbound?: boolean
  /** Domains that are no other site, with all below them; the page's own host never is one. Default none. */
  ownDomains?: readonly string[]
  /** Links to files. Default true. */
  downloads?: boolean
  /** What counts as a file, in lower case and without the dot. Default: documents, archives, programs, sound and film. */
  extensions?: readonly string[]
  /** Forms that are submitted. Default true. */
  forms?: boolean
  /** The page to watch. Default: the one that the script runs in. */
  window?: Page
}

/**
 * Starts recording what a visitor clicks and submits:
 *
 * - an element's own event, by `data-millrace-event="Name"` on it or by a selector. Its other attributes
 *   `data-millrace-<property>` are the properties, in camel case as `dataset` has them. On a form it is recorded as the
 *   form is submitted, on anything else at a click;
 * - `Outbound Link Clicked` `{ href, text }`, `File Downloaded` `{ href, extension }` (a file elsewhere is this alone);
 * - `Form Submitted` `{ id, name, action, fields }`, `fields` being their number.
 *
 * Recorded whatever the page does with the event afterwards, and in open shadow roots too. The keyboard counts where the
 * browser makes a click of it, the middle button on links. Nothing is recorded inside of `data-millrace-ignore`.
 *
 * @example
 * import { createMillrace } from '@millrace/web'
 * import { autocapture } from '@millrace/web/autocapture'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com' })
 * autocapture(millrace, { selectors: { 'Menu Opened': '#menu' } })
 *
 * @returns a function that ends it
 */
export function autocapture(client: PluginClient, options: AutocaptureOptions = {}): Stop {
  const { clicks = true, outbound = true, downloads = true, forms = true } = options
  const { selectors = {}, ownDomains = [], extensions } = options
  const download = RegExp(`^(${extensions?.join('|') ?? DOWNLOADS})$`)

  /** Events that elements have of their own; `elements` are in the order of the event's path. */
  function recordNamed(elements: Element[], isSubmit: boolean): void {
    for (const [event, selector] of [['', `[${NAMED}]`], ...Object.entries(selectors)] as const) {
      try {
        const element = elements.find((each) => each.matches(selector) && each.matches('form') === isSubmit)
        if (!element || isRepeated(elements, element)) continue
        const name = event || (element.getAttribute(NAMED) ?? '')
        client.track(name, propertiesOf((element as HTMLElement).dataset))
      } catch {} // a selector that this browser does not know
    }
  }

  function recordLink(link: Element, page: Page): void {
    const url = urlOf(link, 'href')
    if (!url) return
    const extension = /\.(\w+)$/.exec(url.pathname)?.[1]?.toLowerCase() ?? ''
    if (downloads && (link.hasAttribute('download') || download.test(extension))) {
      client.track('File Downloaded', { href: hrefOf(url), extension })
    } else if (outbound && !isWithin(url.hostname, ownDomains) && url.hostname !== page.location.hostname) {
      client.track('Outbound Link Clicked', { href: hrefOf(url), text: textOf(link) })
    }
  }

  return install(options.window, (page, signal) => {
    listen<MouseEvent>(
      page,
      ['click', 'auxclick'],
      (event) => {
        const elements = elementsOf(event)
        const link = elements.find((element) => element.matches(LINK))
        // The other buttons do something to links only, and of them only the middle one goes there.
        if (
          elements.some((element) => element.matches(IGNORE)) ||
          (event.type !== 'click' && !(link && event.button === 1))
        )
          return
        if (clicks) recordNamed(elements, false)
        if (link) recordLink(link, page)
      },
      signal,
    )
    listenToSubmit(
      page,
      (form) => {
        if (isIgnored(form)) return
        if (clicks) recordNamed([form], true)
        if (forms) client.track('Form Submitted', describeForm(form))
      },
      signal,
    )
  })
}

/** Whether a click on a label is about to come again, as one on the field inside of it, so that `element` sees both. */
function isRepeated(elements: Element[], element: Element): boolean {
  const label = elements.find((each) => each.matches('label')) as HTMLLabelElement | undefined
  const field = label?.control
  return !!field && !elements.includes(field) && element.contains(field)
}

/** `data-millrace-plan-name="x"` as `{ planName: 'x' }`. */
function propertiesOf(dataset: DOMStringMap): Record<string, string | undefined> {
  const properties: Record<string, string | undefined> = {}
  for (const [key, value] of Object.entries(dataset)) {
    const name = /^millrace([A-Z].*)/.exec(key)?.[1]
    if (name && name !== 'Event') properties[name.charAt(0).toLowerCase() + name.slice(1)] = value
  }
  return properties
}
