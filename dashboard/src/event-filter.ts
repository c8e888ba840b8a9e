/**
 * Conditions on events of the stream, `country:is:DE`, as `docs/query.md` has them. The server chooses by them what it sends;
 * here the same is done, by the same rules, to events that were there before. Pure.
 */

import {
  findEventField,
  MAX_WATCH_FILTERS,
  MAX_WATCH_FILTERS_LENGTH,
  parseFilterText,
  type TailEvent,
} from '@millrace/schemas/live'

/** A condition that was understood, as text. */
export type ParsedFilter = { ok: true; text: string } | { ok: false; message: string }

/** Whether an event meets conditions. */
export type EventTest = (event: TailEvent) => boolean

/**
 * Reads what was typed. A text that does not begin with a field and a colon is sought in the names of events.
 *
 * @param others conditions that there are already
 */
export function parseFilter(typed: string, others: readonly string[] = []): ParsedFilter {
  const words = typed.trim()
  if (words === '') return { ok: false, message: 'Write a condition.' }
  const text = /^[^:\s]*:/.test(words) ? words : `event:contains:${words}`
  const parsed = parseFilterText(text, findEventField)
  if (!parsed.ok) return { ok: false, message: tellMistake(text, parsed.message) }
  if (others.includes(text)) return { ok: true, text }
  if (others.length >= MAX_WATCH_FILTERS)
    return { ok: false, message: `There may be ${MAX_WATCH_FILTERS} conditions at once. Remove one first.` }
  if ([...others, text].join('').length > MAX_WATCH_FILTERS_LENGTH)
    return { ok: false, message: `All conditions together may have ${MAX_WATCH_FILTERS_LENGTH} characters.` }
  return { ok: true, text }
}

/** In the words of the server, but for a field that there is not: it lists all that there are. */
function tellMistake(text: string, message: string): string {
  if (!message.startsWith('field must be one of')) return `“${text}”: ${message}.`
  const name = text.slice(0, text.indexOf(':'))
  return `There is no field “${name}”. Fields are columns, such as country, and paths, such as properties.plan.`
}

/** A test of all conditions, of what the server looks at: the columns that are shown, and of refused events their names alone. */
export function createEventTest(filters: readonly string[]): EventTest {
  const conditions = filters.map((filter) => {
    const parsed = parseFilterText(filter, findEventField)
    return parsed.ok ? parsed.condition : () => false
  })
  return (event) => {
    const { messageId, type, batchId } = event
    const row = { ...event.row, message_id: messageId, type, event: event.event, batch_id: batchId }
    return conditions.every((condition) => condition({ row }))
  }
}
