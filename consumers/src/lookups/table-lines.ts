/** Takes the text of a lookup table apart into its rows, without making objects of them: text takes a third of the memory. */

/** Texts, and the braces between them. */
const TOKENS = /"(?:[^"\\]+|\\.)*"|[{}]/g

/** Depth of braces within `rows`, where the keys are. */
const ROWS_DEPTH = 2

/**
 * Lines for ClickHouse's format JSONEachRow, one a row: `{"key":"p1","row":{...}}`, each row as it was written.
 *
 * @param text JSON of the form `{"key": "product_id", "rows": {"p1": {...}, ...}}`, which the collector has checked
 * @throws Error when it ends in the middle, or has no rows at all to look for
 */
export function* tableLines(text: string): Generator<string> {
  let depth = 0
  let deepest = 0
  let key = ''
  let start = 0
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if (token === '{') {
      depth += 1
      deepest = Math.max(deepest, depth)
      if (depth === ROWS_DEPTH + 1) start = index
    } else if (token === '}') {
      depth -= 1
      if (depth === ROWS_DEPTH) yield `{"key":${key},"row":${text.slice(start, index + 1)}}`
    } else if (depth === ROWS_DEPTH) key = token
  }
  if (depth !== 0 || deepest < ROWS_DEPTH) throw new Error('the object is no lookup table')
}

/** Lines joined to texts of at most `maxLength` UTF-16 units each; a longer line stands alone. */
export function* joinLines(lines: Iterable<string>, maxLength: number): Generator<string> {
  let some: string[] = []
  let length = 0
  for (const line of lines) {
    if (some.length > 0 && length + line.length > maxLength) {
      yield some.join('\n')
      some = []
      length = 0
    }
    some.push(line)
    length += line.length + 1
  }
  if (some.length > 0) yield some.join('\n')
}
