/** Which events of the stream are shown, and what a line says of each. Pure. */

import type { TailEvent } from '@millrace/schemas/live'
import type { Tail } from './connection.ts'
import { meetsFilters } from './event-filter.ts'
import { nameReason } from './reasons.ts'

/** In the order of the chips. */
export const STATUSES: readonly TailEvent['status'][] = ['accepted', 'quarantined', 'filtered', 'duplicate']

/** Lines that the list has at most. */
export const MAX_LINES = 200

/** Those that meet the conditions, latest first. */
export function chooseEvents(events: readonly TailEvent[], { filters, statuses }: Tail): TailEvent[] {
  const chosen: TailEvent[] = []
  for (let index = events.length - 1; index >= 0 && chosen.length < MAX_LINES; index--) {
    const event = events[index]
    if (event !== undefined && statuses.includes(event.status) && meetsFilters(event, filters))
      chosen.push(event)
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
