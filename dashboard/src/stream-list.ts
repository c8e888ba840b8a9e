/** Which events of the stream are shown, what a line says of each, and what stands beside them. Pure. */

import { TAIL_STATUSES, type TailEvent } from '@millrace/schemas/live'
import type { Tail } from './connection.ts'
import { createEventTest } from './event-filter.ts'
import { countOf } from './format.ts'
import { nameReason } from './reasons.ts'
import type { LiveState } from './state.ts'

/** Lines that the list has at most. */
export const MAX_LINES = 200

/** What is shown while new events do not move the list. */
export interface Held {
  events: readonly TailEvent[]
  /** How many had passed by then. */
  passed: number
  /** A person pressed the button, or has the pointer or the focus in the list. */
  why: 'paused' | 'reading'
}

/** What is held from now on: what was shown when it began. */
export function holdList(
  held: Held | undefined,
  why: Held['why'] | undefined,
  { events, passed }: Pick<LiveState, 'events' | 'passed'>,
): Held | undefined {
  if (why === undefined) return undefined
  if (held !== undefined) return { ...held, why }
  return events.length === 0 ? undefined : { events, passed, why }
}

/** What is said below the list: whether it is held, and which events are not in it. */
export function tellTally(
  { passed, missed }: Pick<LiveState, 'passed' | 'missed'>,
  held: Held | undefined,
  isPolling: boolean,
): string {
  const newer = held === undefined ? 0 : passed - held.passed
  const words = { paused: 'Paused.', reading: 'Held while you read.' }
  return [
    ...(held === undefined ? [] : [words[held.why]]),
    ...(newer > 0 ? [`${countOf(newer, 'newer event')}.`] : []),
    ...(missed > 0 ? [`${countOf(missed, 'event')} passed too quickly to be shown; all are counted.`] : []),
    ...(isPolling ? ['Asked for every 2 s: when many pass in that time, only the last ones are shown.'] : []),
  ].join(' ')
}

/** What stands in the place of a list without lines. */
export function tellNone(state: LiveState | undefined, { filters, statuses }: Tail): string {
  if (state === undefined || (state.events.length === 0 && state.health.receivedAt === null))
    return 'No event yet.'
  if (state.events.length > 0 || filters.length > 0 || statuses.length < TAIL_STATUSES.length)
    return 'No event here meets the conditions. New ones that do will appear.'
  return 'The server has none of the last events any more. New ones will appear.'
}

/** Those that meet the conditions, latest first. */
export function chooseEvents(events: readonly TailEvent[], { filters, statuses }: Tail): TailEvent[] {
  const chosen: TailEvent[] = []
  const isWanted = createEventTest(filters)
  for (let index = events.length - 1; index >= 0 && chosen.length < MAX_LINES; index--) {
    const event = events[index]
    if (event !== undefined && statuses.includes(event.status) && isWanted(event)) chosen.push(event)
  }
  return chosen
}

/** How many there are of each status. */
export function countStatuses(events: readonly TailEvent[]): Record<TailEvent['status'], number> {
  const counts = { accepted: 0, quarantined: 0, filtered: 0, duplicate: 0 }
  for (const { status } of events) counts[status]++
  return counts
}

/** What it is called: the name of the event, else its type. */
export function nameEvent({ event, type }: TailEvent): string {
  return event || type || '(no name)'
}

/** What else matters in one line: why it was refused, or where it happened. */
export function describeEvent(event: TailEvent): string {
  const { status, reason, path, row } = event
  if (status !== 'accepted' && reason !== undefined && reason !== '') {
    return path === undefined || path === '' ? nameReason(reason) : `${nameReason(reason)}: ${path}`
  }
  const column = (name: string) => {
    const value = row?.[name]
    return typeof value === 'string' ? value : ''
  }
  const who = column('user_id')
  return [column('page_path'), column('country'), column('device_type'), who]
    .filter((text) => text !== '')
    .join(' · ')
}
