/** An event as text: a line for people with what differs from the plan below it, all of it, or JSON. Pure. */

import type { JsonObject, JsonValue } from '@millrace/schemas'
import type { TailEvent } from '@millrace/schemas/live'
import { printable } from '../printable.ts'

/** How an event is printed. */
export interface EventTextOptions {
  /** Whether the status has a colour; it is a word anyway. */
  isColoured: boolean
  /** Whether everything that is known of the event follows its line. */
  isFull: boolean
  /** Now, milliseconds since 1970: an event of another day is told with its date. */
  now: number
}

/** SGR codes of ECMA-48, 8.3.117. */
const COLOURS: Partial<Record<string, number>> = {
  accepted: 32,
  quarantined: 31,
  filtered: 33,
  duplicate: 36,
}

/** Widths of columns, in UTF-16 units: the longest status; most names of events, paths and people. */
const STATUS_WIDTH = 11
const NAME_WIDTH = 18
const DETAILS_WIDTH = 36
const PERSON_WIDTH = 13

/** Longest texts, in characters. */
const MAX_NAME = 40
const MAX_DETAILS = 60
const MAX_VALUE = 24
const MAX_ID = 24
const MAX_REASON = 300

/** Characters of an anonymous id: enough to tell people apart that are there at once. */
const SHORT_ID = 8

/** Ways an event differs from the plan that are told in a line each. */
const MAX_VIOLATIONS = 10

/** An event that happened so much before or after its receipt is told with that time. */
const FAR_MS = 60_000

const INDENT = '    '

/** A line of JSON, with the event as it came; what a terminal would obey is escaped, which is the same text. */
export function formatEventJson(event: TailEvent): string {
  const escapeUnits = (char: string) =>
    [...Array(char.length).keys()]
      .map((place) => `\\u${char.charCodeAt(place).toString(16).padStart(4, '0')}`)
      .join('')
  return `${JSON.stringify(event).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escapeUnits)}\n`
}

/** Lines for people, each ended. */
export function formatEvent(event: TailEvent, options: EventTextOptions): string {
  const lines = [formatLine(event, options), ...formatViolations(event, options)]
  if (options.isFull) lines.push(...formatAll(event))
  return `${lines.join('\n')}\n`
}

function formatLine(event: TailEvent, { isColoured, now }: EventTextOptions): string {
  const { status, receivedAt, timestamp } = event
  const day = formatDay(receivedAt)
  const time = `${day === formatDay(now) ? '' : `${day} `}${formatTime(receivedAt)}`
  // Of one that was not accepted nobody knows when it happened.
  const isFar = timestamp > 0 && Math.abs(receivedAt - timestamp) >= FAR_MS
  const happened = isFar ? [`happened ${formatDay(timestamp)} ${formatTime(timestamp)}`] : []
  const word = printable(cut(status, MAX_NAME))
  const colour = isColoured ? COLOURS[status] : undefined
  const shown = colour === undefined ? word : `\u001b[${colour}m${word}\u001b[0m`
  const cells = status === 'accepted' ? describeAccepted(event) : describeRefused(event)
  const padding = ' '.repeat(Math.max(0, STATUS_WIDTH - word.length))
  return [time, shown + padding, ...cells, ...happened].join('  ').trimEnd()
}

function describeAccepted({ event, type, row = {} }: TailEvent): string[] {
  const name = printable(cut(event, MAX_NAME)).padEnd(NAME_WIDTH)
  const details = printable(cut(describeContent(type, row), MAX_DETAILS)).padEnd(DETAILS_WIDTH)
  const person = printable(describePerson(row)).padEnd(PERSON_WIDTH)
  const place = [row['country'], row['device_type']].filter((part) => part !== undefined)
  return [name, details, person, printable(cut(place.join(' '), MAX_NAME))]
}

/** Where it was or, of an event that is more than a page, what came with it. */
function describeContent(type: string, row: JsonObject): string {
  const { page_path, name, group_id, previous_id, properties, traits } = row
  const ids = describeFields({
    ...(group_id === undefined ? {} : { group_id }),
    ...(previous_id === undefined ? {} : { previous_id }),
  })
  const fields = describeFields(type === 'identify' || type === 'group' ? traits : properties)
  const came = [ids, fields].filter((part) => part !== '').join(' ')
  const path = textOf(page_path)
  return type === 'page' ? path || came : came || textOf(name) || path
}

function describeFields(fields: JsonValue | undefined): string {
  if (!isObject(fields)) return ''
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${cut(textOf(value), MAX_VALUE)}`)
    .join(' ')
}

function describePerson(row: JsonObject): string {
  const [user, anonymous] = [textOf(row['user_id']), textOf(row['anonymous_id'])]
  if (user !== '') return `user ${cut(user, MAX_ID)}`
  return anonymous === '' ? '' : `anon ${[...anonymous].slice(0, SHORT_ID).join('')}`
}

function describeRefused({ event, messageId, reason = '', path = '', message = '' }: TailEvent): string[] {
  const name = event === '' ? `message ${[...messageId].slice(0, SHORT_ID).join('')}` : cut(event, MAX_NAME)
  const why = [reason, path === '' ? '' : ` at ${path}`, message === '' ? '' : `: ${message}`].join('')
  return [printable(name).padEnd(NAME_WIDTH), printable(cut(why, MAX_REASON))]
}

function formatViolations(
  { path: toldPath, message: toldMessage, violations = [] }: TailEvent,
  { isFull }: EventTextOptions,
): string[] {
  const untold = violations.filter(({ path, message }) => path !== toldPath || message !== toldMessage)
  const shown = isFull ? untold : untold.slice(0, MAX_VIOLATIONS)
  const lines = shown.map(({ path, message }) => {
    const where = path === '' ? '' : `${path}: `
    return `${INDENT}violation  ${printable(cut(`${where}${message}`, MAX_REASON))}`
  })
  const hidden = untold.length - shown.length
  return hidden > 0 ? [...lines, `${INDENT}… and ${hidden} more; --full has all of them`] : lines
}

/** Columns that are milliseconds since 1970. */
const TIMES = ['timestamp', 'received_at', 'sent_at', 'original_timestamp']

/** Objects of a row whose fields have a line each. */
const OBJECTS = ['properties', 'traits', 'context', 'lookups']

function formatAll({ status, messageId, batchId, index, raw, row, isCut }: TailEvent): string[] {
  const fields: [string, JsonValue | undefined][] =
    row === undefined
      ? [
          ['message_id', messageId],
          ['batch_id', batchId],
          ['index', index],
          ['raw', raw],
        ]
      : Object.entries(row).filter(([name]) => name !== 'violations')
  const flat = fields.flatMap(([name, value]) =>
    OBJECTS.includes(name) && isObject(value)
      ? Object.entries(value).map(([key, one]) => [`${name}.${key}`, one] as const)
      : [[name, value] as const],
  )
  const given = flat.filter(([, value]) => value !== undefined)
  const width = Math.max(...given.map(([name]) => printable(name).length))
  const lines = given.map(([name, value]) => {
    const isTime = TIMES.includes(name) && typeof value === 'number'
    const text = isTime ? formatMoment(value) : textOf(value)
    return `${INDENT}${printable(name).padEnd(width)}  ${printable(text)}`.trimEnd()
  })
  if (isCut !== true) return lines
  return [...lines, `${INDENT}… ${status === 'accepted' ? 'columns' : 'text'} too long to be sent here`]
}

function textOf(value: JsonValue | undefined): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** At most so many characters, the last of them telling that there was more. */
function cut(text: string, max: number): string {
  // A character is at most two units: what is beyond is not looked at.
  const chars = [...text.slice(0, 2 * max + 2)]
  return chars.length <= max ? text : `${chars.slice(0, max - 1).join('')}…`
}

function formatDay(at: number): string {
  const date = new Date(at)
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
}

function formatTime(at: number): string {
  const date = new Date(at)
  const seconds = `${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${seconds}`
}

/** In UTC; a number that is no time as it is. */
function formatMoment(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString()
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0')
}
