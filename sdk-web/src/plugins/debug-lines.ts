/** Lines of the debug overlay. Text of events becomes text nodes only, so nothing in them can act. */

import type { BatchReport } from '../api.ts'
import type { LoggedEvent } from './debug-log.ts'

/** Makes an element with a class, and texts or elements in it. */
export type Make = (tag: string, className?: string, ...content: (string | Element)[]) => HTMLElement

/** Makes elements for a page. */
export function createMake(document: Document): Make {
  return (tag, className = '', ...content) => {
    const element = document.createElement(tag)
    element.className = className
    element.append(...content)
    return element
  }
}

/** One event: time, name, type and status, and its properties once it is opened. */
export function createEventLine(make: Make, { event }: LoggedEvent, status: Element): HTMLElement {
  const name = event.event ?? event.name ?? event.groupId ?? event.userId ?? '—'
  const time = make('span', 'soft', event.timestamp.slice(11, 23))
  const summary = make(
    'summary',
    '',
    time,
    make('span', 'name', name),
    make('span', 'soft', event.type),
    status,
  )
  const fields = JSON.stringify(event.properties ?? event.traits ?? {}, null, 2)
  return make('li', '', make('details', '', summary, make('pre', '', fields)))
}

/** One request: its id, size and HTTP status. */
export function createBatchLine(make: Make, { id, events, bytes, status }: BatchReport): HTMLElement {
  const size = make('span', 'soft', `${events} events, ${bytes} bytes`)
  const isFine = status >= 200 && status < 300
  const answer = make('span', isFine ? 'sent' : 'dropped', status ? String(status) : 'no answer')
  return make('li', 'batch', make('span', 'name', id), size, answer)
}

/** Makes a list hold one line for each item, newest on top; lines already there stay as they are, opened or focused. */
export function showLines<Item extends object>(
  list: Element,
  items: readonly Item[],
  lines: WeakMap<object, HTMLElement>,
  createLine: (item: Item) => HTMLElement,
): void {
  const wanted = new Set<Element>()
  for (const item of items) {
    const line = lines.get(item) ?? createLine(item)
    lines.set(item, line)
    wanted.add(line)
    if (!line.parentNode) list.prepend(line)
  }
  for (const line of Array.from(list.children)) if (!wanted.has(line)) line.remove()
}
