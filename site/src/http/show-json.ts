/** JSON for people: what is short stands on one line. */

/** Longest line of JSON. */
const MAX_LINE = 90

/** JSON text; a text is shown as it is. */
export function show(body: unknown): string {
  return typeof body === 'string' ? body : showJson(body, '')
}

/** JSON whose lists and objects are on one line where that is short. */
function showJson(value: unknown, indent: string): string {
  const short = JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ')
  if (typeof value !== 'object' || value === null || short.length + indent.length <= MAX_LINE) return short
  const inner = `${indent}  `
  const items = Array.isArray(value)
    ? value.map((item) => inner + showJson(item, inner))
    : Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${showJson(item, inner)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${items.join(',\n')}\n${indent}${close}`
}
