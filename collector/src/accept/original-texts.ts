/**
 * Finds the text of each event in the body it came in. What is quarantined is kept exactly as it was sent: parsing and
 * writing again would mend `1e999`, large integers and repeated keys, which may be just what was wrong.
 */

/**
 * Texts of the elements of the top-level array `batch`, in order. The text must be one that `JSON.parse` has taken.
 *
 * @returns `undefined` when there is no such array
 */
export function sliceBatchTexts(text: string): string[] | undefined {
  let at = skipSpace(text, 0)
  if (text[at] !== '{') return undefined
  at = skipSpace(text, at + 1)
  let slices: string[] | undefined
  while (at < text.length && text[at] !== '}') {
    const keyEnd = skipString(text, at)
    const key: unknown = JSON.parse(text.slice(at, keyEnd))
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const valueEnd = skipValue(text, valueStart)
    // Of repeated keys the last one counts, as for `JSON.parse`.
    if (key === 'batch') slices = text[valueStart] === '[' ? sliceElements(text, valueStart) : undefined
    at = skipComma(text, valueEnd)
  }
  return slices
}

function sliceElements(text: string, start: number): string[] {
  const elements: string[] = []
  let at = skipSpace(text, start + 1)
  while (at < text.length && text[at] !== ']') {
    const end = skipValue(text, at)
    elements.push(text.slice(at, end))
    at = skipComma(text, end)
  }
  return elements
}

/** Position after the value that starts at `at`. */
function skipValue(text: string, at: number): number {
  const first = text[at]
  if (first === '"') return skipString(text, at)
  if (first === '{' || first === '[') return skipNested(text, at)
  let end = at
  while (end < text.length && !/[\s,\]}]/.test(text[end] ?? '')) end++
  return end
}

/** Brackets in strings do not count; in parsed JSON all others are balanced. */
function skipNested(text: string, at: number): number {
  let depth = 0
  let end = at
  while (end < text.length) {
    const char = text.charCodeAt(end)
    if (char === QUOTE) {
      end = skipString(text, end)
      continue
    }
    if (char === OPEN_BRACE || char === OPEN_BRACKET) depth++
    else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) depth--
    end++
    if (depth === 0) return end
  }
  return end
}

/** Position after the string that starts at `at`. */
function skipString(text: string, at: number): number {
  let end = at + 1
  for (;;) {
    end = text.indexOf('"', end)
    if (end === -1) return text.length
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++
    end++
    if (backslashes % 2 === 0) return end
  }
}

function skipComma(text: string, at: number): number {
  const next = skipSpace(text, at)
  return text[next] === ',' ? skipSpace(text, next + 1) : next
}

function skipSpace(text: string, at: number): number {
  let next = at
  while (SPACES.has(text.charCodeAt(next))) next++
  return next
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** The four that JSON knows. */
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])
