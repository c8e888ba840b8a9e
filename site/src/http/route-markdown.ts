/** One route of the HTTP API as Markdown. */

import { asMarkdown, capitalize, lowerFirst } from './description-text.ts'
import { EXAMPLES } from './examples.ts'
import type { Route } from './groups.ts'
import { keyOf } from './keys.ts'
import { type Answer, type Api, nameOfRef, type Operation, type Parameter, type Schema } from './openapi.ts'
import { describeField, listFields, type Shapes } from './schema-markdown.ts'
import { show } from './show-json.ts'
import { STATUSES } from './statuses.ts'

/** Answers whose fields are somebody else's: what their SDKs expect. */
const FOREIGN = ['SegmentSettings', 'RudderSourceConfig']

/** One route: its methods together, what each takes, an example, what it answers. */
export function writeRoute(api: Api, route: Route, shapes: Shapes): string {
  const { path, methods, also, operations } = route
  const [first] = Object.values(operations)
  if (first === undefined) throw new Error(`${path} has no method`)
  const title = `### ${methods.map((method) => method.toUpperCase()).join(', ')} ${path}`
  const same = also.length === 0 ? '' : `Also ${also.map((other) => `\`${other}\``).join(', ')}.\n\n`
  const [summary = '', ...rest] = Object.values(operations).map((operation) => summaryOf(operation))
  const others = rest
    .filter((text) => text !== summary)
    .map((text, i) => `${methods[i + 1]?.toUpperCase()}: ${lowerFirst(text)}`)
  const parts = Object.entries(operations).map(([method, operation]) => {
    const name = methods.length > 1 ? method.toUpperCase() : ''
    return writeOperation(api, `${method.toUpperCase()} ${path}`, name, operation, shapes)
  })
  const head = [summary, ...others].join(' ')
  return `${title}\n\n${head}\n\n${same}${writeKey(api, first)}${parts.join('')}${writeAnswers(api, operations, shapes)}`
}

function summaryOf({ summary }: Operation): string {
  return `${asMarkdown(summary)
    .replace(/\. Needs (the|a) (secret key|read token)$/, '')
    .replace(/ \.\.\.$/, '')}.`
}

function writeKey(api: Api, { security = api.security }: Operation): string {
  const names = new Set(security.flatMap((one) => Object.keys(one)).map(keyOf))
  if (names.size === 0) return 'Key: none.\n\n'
  const text = [...names].map((name) => `[${name}](#keys)`).join(' or ')
  return `Key: ${text}${security.some((one) => Object.keys(one).length === 0) ? ', in the body too' : ''}.\n\n`
}

function writeOperation(api: Api, key: string, name: string, operation: Operation, shapes: Shapes): string {
  const [, path = ''] = key.split(' ')
  const parameters = (operation.parameters ?? []).map((parameter) => writeParameter(path, parameter))
  const query =
    parameters.length === 0
      ? ''
      : `${name === '' ? 'Parameters' : `Parameters of ${name}`}:\n\n${parameters.join('\n')}\n\n`
  return `${query}${writeBody(api, path, name, operation, shapes)}${writeExample(key)}`
}

function writeParameter(
  path: string,
  { name, in: place, required, description, schema, explode }: Parameter,
): string {
  const where = [
    place === 'path' ? 'in the path' : '',
    required && place !== 'path' ? 'required' : '',
  ].filter((text) => text !== '')
  if (explode)
    return `- **each field** (text${required ? ', required' : ''}): ${description.replace(/for example (.*)$/, 'for example `$1`')}`
  return describeField(path, name, schema, asMarkdown(description), where)
}

function writeBody(api: Api, path: string, name: string, { requestBody }: Operation, shapes: Shapes): string {
  const content = Object.entries(requestBody?.content ?? {})
  const schema = content[0]?.[1].schema
  if (schema === undefined) return ''
  const types = content.map(([type]) => `\`${type}\``).join(' or ')
  const ref = schema.$ref === undefined ? '' : nameOfRef(schema.$ref)
  const full = ref === '' ? schema : (api.components.schemas[ref] ?? schema)
  if (path.startsWith('/v1/query/') && name === 'POST') return writeQuestionBody(path, full, shapes)
  const head = `Body${name === '' ? '' : ` of ${name}`}, ${types}`
  if (shapes.has(ref)) return `${head}: a ${shapes.get(ref)}.\n\n`
  if (ref.startsWith('Lone')) return `${head}: an [event](#event); ${writeLone(full)}\n\n`
  return `${head}:\n\n${listFields(path, full, shapes)}\n\n`
}

/** The event of a single route: the path says its type. */
function writeLone({ required = [] }: Schema): string {
  const needs = required.length === 0 ? '' : ` It needs ${required.map((name) => `\`${name}\``).join(', ')}.`
  return `its type need not be said. Beside it \`writeKey\` and \`sentAt\`, as a [batch](#batch) has them.${needs}`
}

/** The fields of a question are those of its query, but for lists. */
function writeQuestionBody(path: string, schema: Schema, shapes: Shapes): string {
  const lists = ['events', 'filters', 'steps', 'by'].filter((name) => schema.properties?.[name] !== undefined)
  const properties = Object.fromEntries(lists.map((name) => [name, schema.properties?.[name] ?? {}]))
  const same = 'The body of POST, `application/json`, has the same fields'
  if (lists.length === 0) return `${same}.\n\n`
  return `${same}, but for:\n\n${listFields(path, { ...schema, properties }, shapes)}\n\n`
}

function writeExample(key: string): string {
  const example = EXAMPLES[key]
  if (example === undefined) return ''
  const [method] = key.split(' ')
  const headers = Object.entries(example.headers ?? {}).map(([name, value]) => `${name}: ${value}`)
  const body = example.body === undefined ? [] : ['', show(example.body)]
  const request = fence(
    [`${method} ${example.target} HTTP/1.1`, 'Host: events.example.com', ...headers, ...body].join('\n'),
    'http',
  )
  return example.answer === undefined
    ? request
    : `${request}It is answered by:\n\n${fence(show(example.answer), 'json')}`
}

function fence(code: string, language: string): string {
  return `\`\`\`${language}\n${code}\n\`\`\`\n\n`
}

/** Statuses that mean something else here than on every route are told of; the others are named. */
function writeAnswers(api: Api, operations: Record<string, Operation>, shapes: Shapes): string {
  const answers = Object.assign(
    {},
    ...Object.values(operations).map(({ responses }) => responses),
  ) as Operation['responses']
  const own = Object.entries(answers).filter(([status]) => Number(status) < 400)
  const refused = Object.entries(answers).filter(([status]) => Number(status) >= 400)
  for (const status of Object.keys(answers))
    if (STATUSES[status] === undefined) throw new Error(`${status} is not told of`)
  const items = own.map(([status, answer]) => `- \`${status}\`: ${writeAnswer(api, answer, shapes)}`)
  const image = refused.find(([, { content }]) => content !== undefined && 'image/gif' in content)
  const codes = refused.map(([status]) => `\`${status}\``).join(', ')
  const more = image === undefined ? '' : ` ${image[1].description}, and \`X-Millrace-Error\` has the code.`
  return `Statuses:\n\n${items.join('\n')}\n- ${codes}: as on [every route](#statuses).${more}\n\n`
}

function writeAnswer(api: Api, answer: Answer, shapes: Shapes): string {
  const full =
    answer.$ref === undefined ? answer : (api.components.responses[nameOfRef(answer.$ref)] ?? answer)
  const headers = Object.entries(full.headers ?? {}).map(
    ([name, { description }]) => `\`${name}\` (${lowerFirst(description ?? '')})`,
  )
  const [[type, { schema } = {}] = []] = Object.entries(full.content ?? {})
  const types = Object.keys(full.content ?? {})
    .map((name) => `\`${name}\``)
    .join(', ')
  const about = `${full.description}.${type === undefined ? '' : ` ${capitalize(types)}.`}`
  const text = headers.length === 0 ? about : `${about} Headers: ${headers.join(', ')}.`
  const fields = schema === undefined ? '' : writeFieldsOf(api, schema, shapes)
  return fields === '' ? text : `${text}\n${fields}`
}

function writeFieldsOf(api: Api, schema: Schema, shapes: Shapes): string {
  const name = schema.$ref === undefined ? undefined : nameOfRef(schema.$ref)
  if (name !== undefined && shapes.has(name)) return `  - ${shapes.get(name)}`
  if (name !== undefined && FOREIGN.includes(name)) return ''
  const full = name === undefined ? schema : (api.components.schemas[name] ?? {})
  return listFields(name ?? '', full, shapes, 1)
}
