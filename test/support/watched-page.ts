/** A page in a browser that is watched for everything that a text must not be able to do there. */

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { RAN } from './hostile-texts.ts'

/** A page, and what happened in it that should not. */
export interface WatchedPage {
  page: Page
  /** Scripts that ran, dialogs, other windows, requests to other hosts, what the policy forbade; empty when all is well. */
  faults: () => Promise<string[]>
  close: () => Promise<void>
}

/** Opens an empty one. Requests to other hosts than `origin` are told and cut off. */
export async function openWatched(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options)
  const found: string[] = []
  await context.route(
    (url) => url.origin !== origin && url.protocol.startsWith('http'),
    (route) => {
      found.push(`asked for ${route.request().url()}`)
      return route.abort()
    },
  )
  await context.addInitScript(() => {
    const violations: string[] = []
    Object.assign(globalThis, { cspViolations: violations })
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) => {
      violations.push(`policy ${effectiveDirective} stopped ${blockedURI} ${sample}`)
    })
  })
  const page = await context.newPage()
  page.on('dialog', (dialog) => {
    found.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('popup', (popup) => void found.push(`window ${popup.url()}`))
  page.on('pageerror', (error) => void found.push(`error ${error.message}`))
  page.on('framenavigated', (frame) => {
    if (!frame.url().startsWith(origin) && frame.url() !== 'about:blank') found.push(`went to ${frame.url()}`)
  })
  return {
    page,
    async faults() {
      const inside = await page.evaluate((ran) => {
        const global = globalThis as unknown as Record<string, unknown> & { cspViolations: string[] }
        const hasRun = global[ran] === undefined ? [] : [`ran: ${String(global[ran])}`]
        const isPolluted = Object.keys(Object.prototype).map((key) => `Object.prototype has ${key}`)
        return [...hasRun, ...isPolluted, ...global.cspViolations]
      }, RAN)
      return [...found, ...inside]
    },
    close: () => context.close(),
  }
}

/** What of a page is where it should not be: wider than the window, out of its panel, or far taller than any panel. */
export function layoutFaults(page: Page, panels = '.panel', maxHeight = 1_700): Promise<string[]> {
  return page.evaluate(
    ({ panels: selector, maxHeight: limit }) => {
      const faults: string[] = []
      const { scrollWidth, clientWidth } = document.documentElement
      const scrolls = (element: Element) =>
        /auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX)
      const nameOf = (element: Element) =>
        `${element.tagName}.${element.getAttribute('class') ?? ''} “${(element.textContent ?? '').slice(0, 40)}”`
      const isScrolled = (element: Element | null): boolean =>
        element !== null &&
        element !== document.body &&
        (scrolls(element) || isScrolled(element.parentElement))
      if (scrollWidth > clientWidth) {
        const wide = [...document.body.querySelectorAll('*')].filter(
          (one) => one.getBoundingClientRect().right > clientWidth + 1 && !isScrolled(one.parentElement),
        )
        faults.push(
          `the page is ${scrollWidth} px wide in ${clientWidth}: ${wide.slice(0, 3).map(nameOf).join(', ')}`,
        )
      }
      for (const panel of document.querySelectorAll(selector)) {
        const frame = panel.getBoundingClientRect()
        if (frame.width === 0) continue
        if (frame.left < -1 || frame.right > clientWidth + 1) faults.push(`${panel.id} leaves the window`)
        if (frame.height > limit) faults.push(`${panel.id} is ${Math.round(frame.height)} px tall`)
        for (const element of panel.querySelectorAll('*')) {
          const { right, left, width } = element.getBoundingClientRect()
          if (width === 0 || (right <= frame.right + 1 && left >= frame.left - 1)) continue
          let around = element.parentElement
          while (around !== null && around !== panel && !scrolls(around)) around = around.parentElement
          if (around === panel || around === null) faults.push(`${panel.id}: ${nameOf(element)} sticks out`)
        }
      }
      return faults
    },
    { panels, maxHeight },
  )
}

/** Widths of the panels by id: what strangers send must not change them. */
export function panelWidths(page: Page): Promise<Record<string, number>> {
  return page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('.panel')].map((panel) => [
        panel.id,
        Math.round(panel.getBoundingClientRect().width),
      ]),
    ),
  )
}
