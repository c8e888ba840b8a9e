/** Says in words what was found of a person, what was done, and which requests there are. No id is printed. */

import type { RowCounts } from '@millrace/schemas/erase'
import { sourcePrefix } from '@millrace/schemas/lake'
import { printable } from '../printable.ts'
import type { Found } from './forget.ts'
import type { ErasureRecord } from './record.ts'

/** What was found, ending with a newline. */
export function formatFound(found: Found): string {
  const { subject, users, devices, sharedDevices, firstSeen, rows } = found
  const lake = foldersOf(found)
  const isStored = firstSeen !== undefined || Object.keys(rows).length + lake.length > 0
  const isUnknown = !isStored && users + devices === 1 && sharedDevices === 0
  const lines = [
    isUnknown
      ? `${subject.source}: nothing of this id is stored; later events of it will be left out`
      : `${subject.source}: a person of ${plural(users, 'user id')} and ${plural(devices, 'anonymous id')} of their own`,
    ...(sharedDevices === 0
      ? []
      : [`${plural(sharedDevices, 'device')} that others used too: only this person's events on it go`]),
    ...(isUnknown ? [] : [describeEvents(found)]),
    ...formatRows(rows),
    ...(lake.length === 0 ? [] : [`${plural(lake.length, 'folder')} of the lake to be rewritten`]),
    ...(found.isRepeated ? ['there is a request for this id already: this run takes it up'] : []),
  ]
  return `${lines.join('\n')}\n`
}

/** Those that are known to have something; the whole lake of the source is gone through in any case. */
function foldersOf({ lake, subject }: Found): string[] {
  return lake.filter((prefix) => prefix !== sourcePrefix(subject.source))
}

function describeEvents({ events, firstSeen, lastSeen }: Found): string {
  return firstSeen === undefined || lastSeen === undefined
    ? 'no event is stored; later ones will be left out'
    : `${plural(events, 'event')} from ${firstSeen} to ${lastSeen}`
}

/** What was done, ending with a newline. */
export function formatDone({ request }: Found, deleted: RowCounts): string {
  const lines = [
    `forgotten: request ${request.request}`,
    ...formatRows(deleted),
    'later events of the person are left out from 30 seconds on; counts are right after the next run of the recomputation',
    `the cron takes the person out of the lake; how far it is: millrace forget --list --source ${request.source}`,
  ]
  return `${lines.join('\n')}\n`
}

/** All requests, ending with a newline. */
export function formatRequests(source: string, requests: readonly ErasureRecord[]): string {
  if (requests.length === 0) return `nobody of ${source} was forgotten\n`
  return requests.map(formatRequest).join('\n')
}

function formatRequest({
  request,
  requestedAt,
  reason,
  finishedAt,
  deleted,
  openLake,
  rewritten,
}: ErasureRecord): string {
  const lines = [
    `${request}  requested ${requestedAt}${reason === '' ? '' : `  ${printable(reason)}`}`,
    finishedAt === undefined ? '  NOT DONE: run it again with the same id' : `  done ${finishedAt}`,
    ...formatRows(deleted),
    ...rewritten.map(({ path, rows }) => `  rewritten without ${plural(rows, 'row')}: ${path}`),
    ...openLake.map((prefix) => `  open in the lake: ${prefix}`),
  ]
  return `${lines.join('\n')}\n`
}

/** More than `FINAL` has: what was replaced or marked as deleted lies there until ClickHouse merges, and goes as well. */
function formatRows(rows: RowCounts): string[] {
  const lines = Object.entries(rows).map(
    ([table, count]) => `  ${table.padEnd(18)} ${count.toLocaleString('en-US')} rows`,
  )
  return lines.length === 0 ? [] : ['  rows, with replaced versions of them:', ...lines]
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}
