/** Shapes that several routes have: which these are, links to them, and the section that tells of them. */

import { slugOf } from '../reference/anchors.ts'
import { asMarkdown, lowerFirst } from './description-text.ts'
import type { Api, Schema } from './openapi.ts'
import { listFields, type Shapes } from './schema-markdown.ts'

/** Shapes that several routes have, under headings of their own. */
const SHAPES: Readonly<Record<string, string>> = {
  Batch: 'Batch',
  ImportBatch: 'Batch',
  TrackEvent: 'Event',
  PageEvent: 'Event',
  ScreenEvent: 'Event',
  IdentifyEvent: 'Event',
  GroupEvent: 'Event',
  AliasEvent: 'Event',
  Receipt: 'Receipt',
  Answer: 'Answer to a question',
  DeadLetter: 'Dead letter',
  Error: 'Error',
}

/** Links to all shapes. */
export function linkShapes(): Shapes {
  const links = Object.entries(SHAPES).map(([name, title]): [string, string] => [
    name,
    `[${lowerFirst(title)}](#${slugOf(title)})`,
  ])
  return new Map(links)
}

/** The section. Throws for a shape that the description does not have. */
export function writeShapes(api: Api, shapes: Shapes): string {
  const titles = Map.groupBy(Object.entries(SHAPES), ([, title]) => title)
  const parts = [...titles].map(([title, all]) => {
    const names = all.map(([name]) => name)
    const schemas = names.map((name) => api.components.schemas[name] ?? {})
    return `### ${title}\n\n${title === 'Event' ? writeEvent(names, schemas, shapes) : writeShape(names[0] ?? '', schemas[0] ?? {}, shapes)}\n\n`
  })
  return `## Shapes\n\n${parts.join('')}`
}

function writeShape(name: string, schema: Schema, shapes: Shapes): string {
  if (Object.keys(schema).length === 0) throw new Error(`there is no schema ${name}`)
  const about = schema.description === undefined ? '' : `${asMarkdown(schema.description)}\n\n`
  return `${about}${listFields(name, schema, shapes)}`
}

/** What all types of event have, then what is only of one. */
function writeEvent(names: readonly string[], schemas: readonly Schema[], shapes: Shapes): string {
  const [first = {}] = schemas
  const isShared = (field: string) => schemas.every(({ properties }) => properties?.[field] !== undefined)
  const pick = (schema: Schema, has: (field: string) => boolean): Schema => ({
    properties: Object.fromEntries(
      Object.entries(schema.properties ?? {}).filter(([field]) => field !== 'type' && has(field)),
    ),
    required: schema.required ?? [],
  })
  const types = schemas.map(({ properties }) => `\`${String(properties?.['type']?.const)}\``)
  const type = `- **\`type\`** (${types.slice(0, -1).join(', ')} or ${types.at(-1)}, required)`
  const own = schemas.map((schema, i) => {
    const needs = (schema.required ?? []).filter((field) => isShared(field) && field !== 'type')
    const also = needs.map((field) => `\`${field}\` is required.`).join(' ')
    const list = listFields(
      names[i] ?? '',
      pick(schema, (field) => !isShared(field)),
      shapes,
    )
    return list === '' && also === ''
      ? ''
      : `Of ${types[i]} alone:${also === '' ? '' : ` ${also}`}\n\n${list}`.trimEnd()
  })
  const common = listFields(names[0] ?? '', pick({ ...first, required: [] }, isShared), shapes)
  const about = asMarkdown(first.description ?? '')
  return [about, `${type}\n${common}`, ...own.filter((text) => text !== '')].join('\n\n')
}
