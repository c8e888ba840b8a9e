/** Writes a tracking plan for others: JSON Schema for programs, a data dictionary in Markdown for people. */

import { z } from 'zod'
import type { EventType } from '../wire.ts'
import { type FieldRow, type JsonSchema, listFieldRows } from './field-rows.ts'
import { type ListedEntry, listEntries, schemaOf, type TrackingPlan } from './plan.ts'

/** One entry of a plan as JSON Schema. */
export interface ExportedSchema {
  type: EventType
  /** Only for `track`. */
  event?: string
  /**
   * A document of JSON Schema 2020-12 for the entry's `properties` or `traits` (`x-field` says which) as they are sent, with
   * `title`, `description`, `x-owner` and `x-version`. Refinements and transforms are not in it.
   */
  document: Record<string, unknown>
}

/** The JSON Schemas of a plan: `track` by name in the order written, then `page`, `screen`, `identify`, `group`. */
export function exportJsonSchema(plan: TrackingPlan): ExportedSchema[] {
  return listEntries(plan).map((listed) => {
    const { type, event, entry } = listed
    const { $schema, ...schema } = readSchema(listed)
    const document = {
      $schema,
      title: event ?? type,
      description: entry.description,
      'x-type': type,
      'x-field': schemaOf(entry).field,
      'x-owner': entry.owner,
      'x-version': entry.version,
      ...withoutTexts(schema),
    }
    return { type, ...(event !== undefined && { event }), document }
  })
}

/**
 * The data dictionary of a plan: a summary, then per event its owner, version, description and a table of fields.
 *
 * @param title first heading, as plain text
 */
export function exportMarkdown(plan: TrackingPlan, title: string): string {
  const entries = listEntries(plan)
  const blocks = [
    `# ${escapeText(title)}`,
    describePlan(plan, entries.length),
    ...(entries.length === 0 ? [] : [summarize(entries)]),
    ...entries.flatMap(describeEntry),
  ]
  return `${blocks.join('\n\n')}\n`
}

function readSchema({ entry }: ListedEntry): Record<string, unknown> {
  return z.toJSONSchema(schemaOf(entry).schema, { io: 'input', unrepresentable: 'any' })
}

/** The entry's own title and description stand for those of its schema. */
function withoutTexts({
  title: _,
  description: __,
  ...schema
}: Record<string, unknown>): Record<string, unknown> {
  return schema
}

function describePlan({ mode = 'warn', refuseUnplanned = false }: TrackingPlan, count: number): string {
  const events = `${count} ${count === 1 ? 'entry' : 'entries'}`
  const others = refuseUnplanned ? 'count as differing' : 'are stored unchecked'
  const rest = `\`track\` events that are not listed here ${others}.`
  if (mode === 'off') return `${events}. Nothing is checked (mode \`off\`).`
  const fate = mode === 'enforce' ? 'goes to quarantine' : 'is stored, with the differences beside it'
  return `${events}. An event that differs ${fate} (mode \`${mode}\`); ${rest}`
}

function summarize(entries: readonly ListedEntry[]): string {
  const rows = entries.map(({ type, event, entry: { owner, version, description } }) => [
    escapeText(event ?? type),
    code(type),
    escapeText(owner),
    version,
    escapeText(description),
  ])
  return table(['Event', 'Type', 'Owner', 'Version', 'Meaning'], rows)
}

function describeEntry(listed: ListedEntry): string[] {
  const { type, event, entry } = listed
  const schema = readSchema(listed) as JsonSchema
  const { field } = schemaOf(entry)
  return [
    `## ${escapeText(event ?? type)}`,
    `${code(type)} · version ${entry.version} · owner: ${escapeText(entry.owner)}`,
    escapeText(entry.description),
    describeFields(listFieldRows(schema), field),
    ...(schema.additionalProperties === false ? ['Other fields are not allowed.'] : []),
  ]
}

function describeFields(rows: readonly FieldRow[], field: string): string {
  if (rows.length === 0) return `No fields of ${code(field)} are described.`
  const cells = rows.map(({ path, type, isRequired, values, limits, patterns, description }) => [
    code(path),
    escapeText(type),
    isRequired ? 'yes' : 'no',
    [...values.map(code), ...limits, ...patterns.map((pattern) => `matches ${code(pattern)}`)].join(', '),
    escapeText(description),
  ])
  return table([`Field of ${code(field)}`, 'Type', 'Required', 'Allowed', 'Meaning'], cells)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Text that Markdown shows as it is, in a paragraph, a heading or a cell; lines become one. */
function escapeText(text: string): string {
  return text
    .trim()
    .replace(/\s*[\r\n]+\s*/g, ' ')
    .replace(/[\\`*<>|&[\]]/g, '\\$&')
    .replace(/(?<!\w)_|_(?!\w)/g, '\\_')
    .replace(/^(#+|[-+]|\d+[.)])(?= |$)/, '\\$1')
}

/** A code span, also of text with backticks; a bar needs a backslash even there, because of the tables. */
function code(text: string): string {
  const line = text.replace(/\s*[\r\n]+\s*/g, ' ').replaceAll('|', '\\|')
  if (line === '') return '(empty)'
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return longest === 0 ? `${fence}${line}${fence}` : `${fence} ${line} ${fence}`
}
