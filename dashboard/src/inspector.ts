/** Shows everything that is known of one event. */

import type { TailEvent } from '@millrace/schemas/live'
import { button, h } from './dom.ts'
import { formatExactClock } from './format.ts'
import { type InspectedGroup, inspect, tellStatus, toJson } from './inspect.ts'
import { nameEvent } from './stream-list.ts'

/** Milliseconds that a button says what it did. */
const SAID_MS = 2_000

/** The inspector on the page. */
export interface Inspector {
  element: HTMLElement
  /** Shows an event, or with `undefined` nothing. */
  show: (event: TailEvent | undefined) => void
  focus: () => void
}

/** Builds it; `onClose` is told when its button is pressed. */
export function createInspector(onClose: () => void): Inspector {
  const element = h('aside', { class: 'inspector', id: 'inspector', 'aria-label': 'Inspector' })
  let heading: HTMLElement | undefined

  function showNothing(): void {
    heading = undefined
    element.replaceChildren(h('p', { class: 'note' }, 'Choose an event to see all of it.'))
    delete element.dataset['open']
  }
  showNothing()

  return {
    element,
    show(event) {
      if (event === undefined) return showNothing()
      heading = h('h4', { tabindex: -1 }, nameEvent(event))
      const json = h('pre', { tabindex: 0, role: 'region', 'aria-label': 'JSON' }, toJson(event))
      const details = h('details', {}, h('summary', {}, 'As JSON'), json)
      const copy: HTMLButtonElement = button(
        'Copy as JSON',
        () => void copyJson(copy, details, json, toJson(event)),
      )
      element.replaceChildren(
        h(
          'header',
          {},
          h(
            'div',
            {},
            heading,
            h('p', { class: 'hint' }, `${event.type} · ${formatExactClock(event.receivedAt)}`),
          ),
          h('div', { class: 'actions' }, copy, button('Close', onClose)),
        ),
        h('p', { class: `verdict-line ${event.status}` }, `${tellStatus(event)}.`),
        ...(event.isCut === true
          ? [h('p', { class: 'hint' }, 'Something of it is too long to be shown.')]
          : []),
        ...showViolations(event),
        ...inspect(event).map(showGroup),
        ...showRaw(event),
        details,
      )
      element.dataset['open'] = ''
      element.scrollTop = 0
      if (element.getBoundingClientRect().top > innerHeight) element.scrollIntoView({ block: 'nearest' })
    },
    focus() {
      heading?.focus()
      element.scrollIntoView({ block: 'nearest' })
    },
  }
}

function showGroup({ title, note, fields }: InspectedGroup): HTMLElement {
  return h(
    'section',
    {},
    h('h5', {}, title),
    note === undefined ? undefined : h('p', { class: 'hint' }, note),
    h(
      'dl',
      { class: 'fields' },
      ...fields.map(({ name, value }) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
    ),
  )
}

function showViolations({ violations = [] }: TailEvent): HTMLElement[] {
  if (violations.length === 0) return []
  return [
    h(
      'section',
      {},
      h('h5', {}, 'How it differs from the tracking plan'),
      h(
        'ul',
        { class: 'violations' },
        ...violations.map(({ path, rule, found, message }) =>
          h(
            'li',
            {},
            h('code', {}, path || 'the event'),
            ` ${message} `,
            h('small', {}, `${rule}, found ${found}`),
          ),
        ),
      ),
    ),
  ]
}

function showRaw({ raw }: TailEvent): HTMLElement[] {
  if (raw === undefined || raw === '') return []
  const text = h('pre', { tabindex: 0, role: 'region', 'aria-label': 'Text as it arrived' }, raw)
  return [h('section', {}, h('h5', {}, 'As it arrived'), text)]
}

async function copyJson(
  copy: HTMLButtonElement,
  details: HTMLDetailsElement,
  json: HTMLElement,
  text: string,
): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    copy.textContent = 'Copied'
  } catch {
    // No clipboard on this page: ready for Ctrl-C.
    details.open = true
    getSelection()?.selectAllChildren(json)
    copy.textContent = 'Selected'
  }
  setTimeout(() => {
    copy.textContent = 'Copy as JSON'
  }, SAID_MS)
}
