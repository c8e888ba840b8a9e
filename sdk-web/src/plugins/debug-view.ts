/** The debug overlay on the page: a button, and the panel that it opens. */

import { createBatchLine, createEventLine, createMake, type Make, showLines } from './debug-lines.ts'
import type { DebugLog } from './debug-log.ts'
import { STYLE } from './debug-style.ts'
import { guard, type Page } from './plugin.ts'

/** The overlay. */
export interface DebugView {
  /** Shows what the log holds now. */
  update(): void
  /** Takes it off the page. */
  remove(): void
}

/** Puts the overlay on a page, as a button or open. `log` is read at each update. */
export function createDebugView(page: Page, log: DebugLog, isOpen: boolean): DebugView {
  const { host, root } = createHost(page)
  const make = createMake(page.document)
  const lines = new WeakMap<object, HTMLElement>()
  const statuses = new WeakMap<object, HTMLElement>()
  const counts = make('p', 'counts')
  const [events, batches] = [make('ol'), make('ol')]

  function update(): void {
    const droppedCount = [...log.dropped.values()].reduce((sum, count) => sum + count, 0)
    toggle.textContent = `Millrace ${log.events.length}${droppedCount ? ` · ${droppedCount} dropped` : ''}`
    if (panel.hidden) return
    counts.replaceChildren(...countTexts(make, log))
    showLines(batches, log.batches, lines, (report) => createBatchLine(make, report))
    showLines(events, log.events, lines, (logged) => {
      const status = make('span')
      statuses.set(logged, status)
      return createEventLine(make, logged, status)
    })
    for (const logged of log.events) {
      const status = statuses.get(logged)
      if (status) status.className = status.textContent = logged.status
    }
  }
  function open(isOpen: boolean): void {
    panel.hidden = !isOpen
    toggle.hidden = isOpen
    update()
  }

  const clear = createButton(make, 'Clear', 'Clear the list', () => {
    log.clear()
    update()
  })
  const close = createButton(make, '×', 'Close', () => {
    open(false)
    toggle.focus()
  })
  const toggle = createButton(make, '', '', () => {
    open(true)
    close.focus()
  })
  toggle.className = 'toggle'
  toggle.title = 'Show Millrace events'
  const requests = make('details', '', make('summary', '', make('span', 'name', 'Batches')), batches)
  const body = make('div', 'body', requests, events)
  body.tabIndex = 0 // so that the arrow keys scroll it
  const panel = make(
    'section',
    'panel',
    make('header', '', make('h2', '', 'Millrace'), clear, close),
    counts,
    body,
  )
  panel.setAttribute('aria-label', 'Millrace events')
  const handleKey = ({ key }: KeyboardEvent) => {
    if (key === 'Escape') close.click()
  }
  panel.addEventListener('keydown', guard(handleKey))
  root.append(toggle, panel)
  open(isOpen)
  page.document.documentElement.append(host)
  return { update, remove: () => host.remove() }
}

function createHost({ document, CSSStyleSheet }: Page) {
  const host = document.createElement('div')
  host.setAttribute('data-millrace-ignore', '')
  const root = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(STYLE)
  root.adoptedStyleSheets = [sheet]
  return { host, root }
}

function createButton(make: Make, text: string, label: string, onClick: () => void): HTMLElement {
  const button = make('button', '', text)
  if (label) button.setAttribute('aria-label', label)
  button.addEventListener('click', guard(onClick))
  return button
}

function countTexts(make: Make, { events, dropped }: DebugLog): HTMLElement[] {
  const count = (wanted: string) => events.filter(({ status }) => status === wanted).length
  return [
    make('span', 'sent', `${count('sent')} sent`),
    make('span', 'waiting', `${count('waiting')} waiting`),
    ...Array.from(dropped, ([reason, number]) => make('span', 'dropped', `${number} ${reason}`)),
  ]
}
