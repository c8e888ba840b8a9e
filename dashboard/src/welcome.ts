/** What stands there while a source has no events: how to send the first one. */

import { button, h } from './dom.ts'

/** What it is written for. */
export interface WelcomeOptions {
  /** Of the collector. */
  origin: string
  source: string
  /** Public key of the source, where it is known. */
  writeKey?: string | undefined
}

/** Builds it anew in `parent`. */
export function showWelcome(parent: HTMLElement, { origin, source, writeKey }: WelcomeOptions): void {
  const key = writeKey ?? 'YOUR_WRITE_KEY'
  const demo = h('a', { href: '/demo/' }, 'demo shop')
  parent.replaceChildren(
    h('h2', {}, `Nothing has come of “${source}” yet`),
    h('p', {}, 'As soon as the first event arrives, this page shows it: there is nothing to reload.'),
    h('h3', {}, 'From a page'),
    snippet('Script tag', tagText(origin, key)),
    h('h3', {}, 'From a terminal'),
    snippet('Command', curlText(origin, key)),
    writeKey === undefined
      ? h('p', { class: 'hint' }, 'The write key of the source is in millrace.config.ts.')
      : h('p', { class: 'hint' }, 'Or look around in the ', demo, '.'),
    h('p', { class: 'hint' }, 'Imported history is not live: pick its days under Custom.'),
  )
}

/** The script tag that records page views. */
export function tagText(origin: string, key: string): string {
  return `<script async src="${origin}/millrace.js" data-write-key="${key}" data-auto-page></script>`
}

/** A command that sends one event. */
export function curlText(origin: string, key: string): string {
  const body = { writeKey: key, batch: [{ type: 'track', event: 'Signed Up', userId: 'u1' }] }
  return `curl ${origin}/v1/batch --data '${JSON.stringify(body)}'`
}

function snippet(name: string, text: string): HTMLElement {
  const code = h('pre', { tabindex: 0, role: 'region', 'aria-label': name }, text)
  const copy: HTMLButtonElement = button('Copy', () => void copyText(copy, code, text))
  return h('div', { class: 'snippet' }, code, copy)
}

async function copyText(copy: HTMLButtonElement, code: HTMLElement, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    copy.textContent = 'Copied'
  } catch {
    // No clipboard on this page: ready for Ctrl-C.
    getSelection()?.selectAllChildren(code)
    copy.textContent = 'Selected'
  }
}
