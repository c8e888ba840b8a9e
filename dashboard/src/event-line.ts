/** A line of the stream: when an event came, what became of it, what it is called and how long it took. */

import type { TailEvent } from '@millrace/schemas/live'
import { button, h } from './dom.ts'
import { formatDay, formatExactClock, formatSpan } from './format.ts'
import { describeEvent, nameEvent } from './stream-list.ts'

const DAY_MS = 86_400_000

/** How long an event was on its way, or its day: history came in one piece, so how many days that took says nothing. */
export function tellAge(timestamp: number, receivedAt: number): string {
  return receivedAt - timestamp > DAY_MS ? formatDay(timestamp) : formatSpan(receivedAt - timestamp)
}

/** The line of an event: a button that opens it. */
export function eventLine(event: TailEvent, onSelect: () => void): HTMLElement {
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
export function focusable(line: Element): HTMLElement {
  return (line.firstElementChild ?? line) as HTMLElement
}
