/** "What arrives?": the live stream of events, its conditions, and the list that the inspector is opened from. */

import { EVENT_FIELD_NAMES, TAIL_STATUSES, type TailEvent } from '@millrace/schemas/live'
import type { Tail } from './connection.ts'
import { button, h, setText } from './dom.ts'
import { parseFilter } from './event-filter.ts'
import { eventLine, focusable } from './event-line.ts'
import { countOf, formatCount, toSentence } from './format.ts'
import { createInspector } from './inspector.ts'
import { eventKey, type LiveState } from './state.ts'
import { chooseEvents, countStatuses, type Held, holdList, tellNone, tellTally } from './stream-list.ts'

/** Names of events that are offered while typing, before the fields. */
const MAX_SUGGESTIONS = 30

/** The stream on the page. */
export interface Stream {
  element: HTMLElement
  show: (state: LiveState, how: { isPolling: boolean }) => void
  /** Opens an event in the inspector; closing it gives the focus back. */
  inspect: (event: TailEvent) => void
  /** Says that the server did not take the conditions. */
  refuse: (message: string) => void
  /** Which events the server is to send. */
  tail: () => Tail
  /** Of another source nothing stays. */
  clear: () => void
}

/** What the stream needs. */
export interface StreamOptions {
  /** Told when other events are wanted. */
  onTail: (tail: Tail) => void
  /** Says something to screen readers. */
  announce: (text: string) => void
}

/** Builds it. */
export function createStream({ onTail, announce }: StreamOptions): Stream {
  let filters: string[] = []
  const statuses = new Set<TailEvent['status']>(TAIL_STATUSES)
  let latest: LiveState | undefined
  let isPolling = false
  let isPaused = false
  let isPointed = false
  let held: Held | undefined
  let selected: string | undefined
  let isOpenedElsewhere = false
  const lines = new Map<string, HTMLElement>()

  const title = h('h3', { id: 'stream-title' }, 'What arrives?')
  const hold = button('Pause', togglePause)
  const chips = new Map(TAIL_STATUSES.map((status) => [status, statusChip(status)]))
  const conditions = h('ul', { class: 'conditions', 'aria-label': 'Conditions' })
  const suggestions = h('datalist', { id: 'stream-names' })
  const input = h('input', {
    type: 'text',
    id: 'stream-filter',
    list: suggestions.id,
    placeholder: 'country:is:DE',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'stream-hint',
  })
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true })
  const form = h(
    'form',
    { class: 'filter' },
    h('label', { for: input.id }, 'Only events with'),
    input,
    h('button', { type: 'submit' }, 'Add'),
  )
  const hint = h(
    'p',
    { class: 'hint', id: 'stream-hint' },
    'A condition such as ',
    h('code', {}, 'country:is:DE'),
    ' or ',
    h('code', {}, 'properties.price:gt:10'),
    '; a word is sought in the names of events. Arrow keys move in the list, Enter opens an event, Escape closes it.',
  )
  const tally = h('p', { class: 'hint tally' })
  const list = h('ol', { class: 'events', 'aria-labelledby': title.id })
  const none = h('p', { class: 'note' }, 'No event yet.')
  const inspector = createInspector(closeInspector)
  const element = h(
    'section',
    { class: 'panel w12', id: 'stream', 'aria-labelledby': title.id },
    h('header', {}, title, hold),
    h(
      'div',
      { class: 'stream-tools' },
      h('div', { class: 'chips', role: 'group', 'aria-label': 'Show events that were' }, ...chips.values()),
      form,
    ),
    conditions,
    problem,
    hint,
    suggestions,
    h(
      'div',
      { class: 'stream-view' },
      h('div', { class: 'stream-list' }, none, list, tally),
      inspector.element,
    ),
  )

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const parsed = parseFilter(input.value, filters)
    tellProblem(parsed.ok ? '' : parsed.message)
    if (!parsed.ok) return
    input.value = ''
    setFilters([...new Set([...filters, parsed.text])])
  })
  list.addEventListener('keydown', moveFocus)
  // Lines that somebody is about to press or read stay where they are.
  list.addEventListener('pointerenter', () => point(true))
  list.addEventListener('pointerleave', () => point(false))
  list.addEventListener('focusin', draw)
  list.addEventListener('focusout', () => queueMicrotask(draw))
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && selected !== undefined) closeInspector()
  })

  function tellProblem(text: string): void {
    problem.hidden = text === ''
    setText(problem, text)
  }

  function point(isIn: boolean): void {
    isPointed = isIn
    draw()
  }

  function statusChip(status: TailEvent['status']): HTMLButtonElement {
    const chip = button(status, () => {
      if (!statuses.delete(status)) statuses.add(status)
      chip.setAttribute('aria-pressed', String(statuses.has(status)))
      changed()
    })
    chip.className = `chip ${status}`
    chip.setAttribute('aria-pressed', 'true')
    return chip
  }

  function setFilters(next: string[]): void {
    filters = next
    conditions.replaceChildren(
      ...filters.map((filter) => {
        const remove = button('×', () => {
          setFilters(filters.filter((other) => other !== filter))
          input.focus()
        })
        remove.setAttribute('aria-label', `Remove ${filter}`)
        return h('li', {}, h('code', {}, filter), remove)
      }),
    )
    tellProblem('')
    changed()
  }

  function tail(): Tail {
    return { filters, statuses: TAIL_STATUSES.filter((status) => statuses.has(status)) }
  }

  function changed(): void {
    onTail(tail())
    draw()
  }

  function togglePause(): void {
    isPaused = !isPaused
    setText(hold, isPaused ? 'Resume' : 'Pause')
    const newer = held === undefined || latest === undefined ? 0 : latest.passed - held.passed
    announce(isPaused ? 'Paused.' : `Goes on: ${countOf(newer, 'newer event')}.`)
    draw()
  }

  /** Why the list is to stay as it is. A line that was pressed with the pointer is read as long as the inspector shows it. */
  function whyHeld(): Held['why'] | undefined {
    if (isPaused) return 'paused'
    const isFocused = list.contains(document.activeElement)
    const isRead = isFocused && (selected !== undefined || list.querySelector(':focus-visible') !== null)
    return isPointed || isRead ? 'reading' : undefined
  }

  function draw(): void {
    const all = latest?.events ?? []
    if (latest !== undefined) held = holdList(held, whyHeld(), latest)
    const shown = chooseEvents(held?.events ?? all, tail())
    const counts = countStatuses(all)
    for (const [status, chip] of chips) setText(chip, `${status} ${formatCount(counts[status])}`)
    drawLines(shown)
    none.hidden = shown.length > 0
    setText(none, tellNone(latest, tail()))
    setText(tally, latest === undefined ? '' : tellTally(latest, held, isPolling))
    suggest(all)
  }

  function drawLines(events: readonly TailEvent[]): void {
    const keys = new Set(events.map(eventKey))
    const hadFocus = list.contains(document.activeElement)
    for (const [key, line] of lines) {
      if (keys.has(key)) continue
      line.remove()
      lines.delete(key)
    }
    // New ones come at the top, so those that stay are not moved, and keep the focus.
    let next = list.firstElementChild
    for (const event of events) {
      const key = eventKey(event)
      let line = lines.get(key)
      if (line === undefined) {
        line = eventLine(event, () => select(event))
        lines.set(key, line)
        line.toggleAttribute('data-selected', key === selected)
      }
      if (line === next) next = line.nextElementSibling
      else list.insertBefore(line, next)
    }
    if (list.contains(document.activeElement)) return
    // The line that had it went out at the end.
    const last = list.lastElementChild
    setActive(hadFocus ? last : list.firstElementChild)
    if (hadFocus && last !== null) focusable(last).focus()
  }

  /** Of all lines one can be reached by Tab. */
  function setActive(active: Element | null): void {
    for (const line of list.querySelectorAll('button[tabindex="0"]')) line.setAttribute('tabindex', '-1')
    if (active !== null) focusable(active).setAttribute('tabindex', '0')
  }

  function moveFocus(event: KeyboardEvent): void {
    const line = (event.target as Element).closest('li')
    if (line === null) return
    const targets: Record<string, Element | null> = {
      ArrowDown: line.nextElementSibling,
      ArrowUp: line.previousElementSibling,
      Home: list.firstElementChild,
      End: list.lastElementChild,
    }
    if (!Object.hasOwn(targets, event.key)) return
    event.preventDefault()
    const target = targets[event.key]
    if (target === null || target === undefined) return
    setActive(target)
    focusable(target).focus()
  }

  function select(event: TailEvent | undefined): void {
    isOpenedElsewhere = false
    const key = event === undefined ? undefined : eventKey(event)
    for (const [other, line] of lines) {
      line.toggleAttribute('data-selected', other === key)
      focusable(line).setAttribute('aria-expanded', String(other === key))
    }
    selected = key
    const line = key === undefined ? undefined : lines.get(key)
    if (line !== undefined) setActive(line)
    inspector.show(event)
  }

  /** Focus goes back to where the event was opened: its line, or else what shows it as an example. */
  function closeInspector(): void {
    const key = selected
    const examples = isOpenedElsewhere ? [...document.querySelectorAll<HTMLElement>('[data-event]')] : []
    const opener = examples.find(({ dataset }) => dataset['event'] === key)
    const line = key === undefined ? undefined : lines.get(key)
    select(undefined)
    const target = opener ?? (line === undefined ? hold : focusable(line))
    target.focus()
    draw()
  }

  function suggest(events: readonly TailEvent[]): void {
    const names = [...new Set(events.map(({ event }) => event).filter((name) => name !== ''))].sort()
    const shown = [
      ...names.slice(0, MAX_SUGGESTIONS).map((name) => `event:is:${name}`),
      ...EVENT_FIELD_NAMES.map((name) => `${name}:is:`),
    ]
    if (shown.join('\n') === suggestions.dataset['names']) return
    suggestions.dataset['names'] = shown.join('\n')
    suggestions.replaceChildren(...shown.map((value) => h('option', { value })))
  }

  return {
    element,
    show(state, how) {
      latest = state
      isPolling = how.isPolling
      draw()
    },
    inspect(event) {
      select(event)
      isOpenedElsewhere = true
      inspector.focus()
    },
    refuse: (message) => tellProblem(`The server does not take these conditions. ${toSentence(message)}`),
    tail,
    clear() {
      latest = undefined
      held = undefined
      isPaused = false
      setText(hold, 'Pause')
      tellProblem('')
      select(undefined)
      draw()
    },
  }
}
