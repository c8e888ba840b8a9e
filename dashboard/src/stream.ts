/** "What arrives?": the live stream of events, its conditions, and the list that the inspector is opened from. */

import type { TailEvent } from '@millrace/schemas/live'
import type { Tail } from './connection.ts'
import { button, h, setText } from './dom.ts'
import { parseFilter } from './event-filter.ts'
import { countOf, formatCount, formatDay, formatExactClock, formatSpan } from './format.ts'
import { createInspector } from './inspector.ts'
import { eventKey, type LiveState } from './state.ts'
import { chooseEvents, countStatuses, describeEvent, nameEvent, STATUSES } from './stream-list.ts'

/** Names that are offered while typing. */
const MAX_SUGGESTIONS = 30

/** The stream on the page. */
export interface Stream {
  element: HTMLElement
  show: (state: LiveState) => void
  /** Opens an event in the inspector. */
  inspect: (event: TailEvent) => void
  /** Which events the server is to send. */
  tail: () => Tail
  /** Of another source nothing stays. */
  clear: () => void
}

/** Builds it; `onTail` is told when other events are wanted. */
export function createStream(onTail: (tail: Tail) => void): Stream {
  let filters: string[] = []
  const statuses = new Set<TailEvent['status']>(STATUSES)
  let latest: LiveState | undefined
  /** The events at the moment the list was held. */
  let held: readonly TailEvent[] | undefined
  let selected: string | undefined
  const lines = new Map<string, HTMLElement>()

  const title = h('h3', { id: 'stream-title' }, 'What arrives?')
  const hold = button('Pause', toggleHold, { 'aria-pressed': 'false' })
  const chips = new Map(STATUSES.map((status) => [status, statusChip(status)]))
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
  const tally = h('p', { class: 'hint', role: 'status' })
  const list = h('ol', { class: 'events', 'aria-labelledby': title.id })
  const none = h('p', { class: 'note' }, 'No event yet.')
  const inspector = createInspector(() => select(undefined))
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
    const parsed = parseFilter(input.value)
    problem.hidden = parsed.ok
    setText(problem, parsed.ok ? '' : parsed.message)
    if (!parsed.ok) return
    input.value = ''
    setFilters([...new Set([...filters, parsed.text])])
  })
  list.addEventListener('keydown', moveFocus)
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || selected === undefined) return
    const line = lines.get(selected)
    select(undefined)
    ;(line === undefined ? input : focusable(line)).focus()
  })

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
    changed()
  }

  function tail(): Tail {
    return { filters, statuses: STATUSES.filter((status) => statuses.has(status)) }
  }

  function changed(): void {
    onTail(tail())
    draw()
  }

  function toggleHold(): void {
    held = held === undefined ? (latest?.events ?? []) : undefined
    hold.setAttribute('aria-pressed', String(held !== undefined))
    setText(hold, held === undefined ? 'Pause' : 'Resume')
    draw()
  }

  function draw(): void {
    const all = latest?.events ?? []
    const shown = chooseEvents(held ?? all, tail())
    const counts = countStatuses(all)
    for (const [status, chip] of chips) setText(chip, `${status} ${formatCount(counts[status])}`)
    drawLines(shown)
    none.hidden = shown.length > 0
    setText(
      none,
      all.length === 0
        ? 'No event yet.'
        : 'No event here meets the conditions. New ones that do will appear.',
    )
    setText(tally, tellTally(all))
    suggest(all)
  }

  function tellTally(all: readonly TailEvent[]): string {
    const missed = latest?.missed ?? 0
    const newer = held === undefined ? 0 : all.length - held.filter((event) => all.includes(event)).length
    return [
      ...(held === undefined ? [] : [`Paused. ${countOf(newer, 'newer event')}.`]),
      ...(missed > 0 ? [`${countOf(missed, 'event')} passed too quickly to be shown; all are counted.`] : []),
    ].join(' ')
  }

  function drawLines(events: readonly TailEvent[]): void {
    const keys = new Set(events.map(eventKey))
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
    if (!list.contains(document.activeElement)) setActive(list.firstElementChild)
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

  function suggest(events: readonly TailEvent[]): void {
    const names = [...new Set(events.map(({ event }) => event).filter((name) => name !== ''))].sort()
    const shown = names.slice(0, MAX_SUGGESTIONS).map((name) => `event:is:${name}`)
    if (shown.join('\n') === suggestions.dataset['names']) return
    suggestions.dataset['names'] = shown.join('\n')
    suggestions.replaceChildren(...shown.map((value) => h('option', { value })))
  }

  return {
    element,
    show(state) {
      latest = state
      draw()
    },
    inspect(event) {
      select(event)
      inspector.focus()
    },
    tail,
    clear() {
      latest = undefined
      held = undefined
      hold.setAttribute('aria-pressed', 'false')
      setText(hold, 'Pause')
      select(undefined)
      draw()
    },
  }
}

const DAY_MS = 86_400_000

/** History came in one piece; how many days it was on its way says nothing. */
function tellAge(timestamp: number, receivedAt: number): string {
  return receivedAt - timestamp > DAY_MS ? formatDay(timestamp) : formatSpan(receivedAt - timestamp)
}

function eventLine(event: TailEvent, onSelect: () => void): HTMLElement {
  const { status, timestamp, receivedAt, violations = [] } = event
  const warning =
    violations.length === 0 || status !== 'accepted' ? undefined : h('span', { class: 'warned' }, 'off plan')
  const age = timestamp > 0 ? tellAge(timestamp, receivedAt) : ''
  const line = button('', onSelect, {
    class: 'event',
    tabindex: -1,
    'aria-expanded': 'false',
    'aria-controls': 'inspector',
  })
  line.append(
    h('time', {}, formatExactClock(receivedAt)),
    h('span', { class: `status ${status}` }, status),
    h('span', { class: 'name' }, h('b', {}, nameEvent(event)), warning),
    h('span', { class: 'what' }, describeEvent(event)),
    h('span', { class: 'took', title: 'From when it happened to its receipt' }, age),
  )
  return h('li', {}, line)
}

/** The button of a line. */
function focusable(line: Element): HTMLElement {
  return (line.firstElementChild ?? line) as HTMLElement
}
