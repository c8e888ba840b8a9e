/**
 * Text between marks in Markdown, and whether it still says what was measured. A mark in a line is
 * `<!--n:name-->7.8 KB<!--/n-->`, one around lines is `<!-- numbers:name -->` and `<!-- /numbers -->`.
 */

/** A marked text. */
export interface Marked {
  name: string
  /** What stands between the marks. */
  text: string
  /** Line of the opening mark, from 1. */
  line: number
}

const MARK = /<!--n:([\w-]+)-->(.*?)<!--\/n-->|<!-- numbers:([\w-]+) -->\n(.*?)<!-- \/numbers -->/gs

/** An opening or closing mark of either kind. */
const ANY_MARK = /<!--\s*\/?(?:n:[\w-]+|n|numbers(?::[\w-]+)?)\s*-->/g

/** A number as it is written for people: `10,143,244`, `7.8`, `0`. */
const NUMBER = /\d+(?:,\d{3})*(?:\.\d+)?/g

/**
 * All marked texts, in order.
 *
 * @throws Error when a mark is not closed, or is closed without having been opened
 */
export function findMarked(markdown: string): Marked[] {
  const found = [...markdown.matchAll(MARK)].map((match) => ({
    name: match[1] ?? match[3] ?? '',
    text: match[2] ?? match[4] ?? '',
    line: lineOf(markdown, match.index),
  }))
  const marks = [...markdown.matchAll(ANY_MARK)]
  if (marks.length !== found.length * 2)
    throw new Error(`${marks.length} marks make ${found.length} pairs; one of them is not closed or misspelt`)
  return found
}

/** The same Markdown with other texts between its marks. */
export function replaceMarked(markdown: string, textOf: (name: string) => string): string {
  return markdown.replace(MARK, (_all, inline?: string, _text?: string, block?: string) =>
    inline === undefined
      ? `<!-- numbers:${block} -->\n${textOf(block ?? '')}<!-- /numbers -->`
      : `<!--n:${inline}-->${textOf(inline)}<!--/n-->`,
  )
}

/**
 * Compares a quoted text with the one that the results give: words must be the same, numbers may differ by the noise.
 *
 * @param noise share of the measured number, 0.1 for a tenth
 * @returns what differs, or `undefined`
 */
export function compareTexts(quoted: string, measured: string, noise: number): string | undefined {
  if (wordsOf(quoted) !== wordsOf(measured))
    return `says ${JSON.stringify(shorten(quoted))}, and the results give ${JSON.stringify(shorten(measured))}`
  const [before, now] = [numbersOf(quoted), numbersOf(measured)]
  const index = now.findIndex(
    (value, at) => Math.abs((before[at] ?? Number.NaN) - value) > noise * Math.abs(value),
  )
  if (index === -1) return undefined
  const allowed = noise === 0 ? 'exactly' : `within ${noise * 100} %`
  return `quotes ${before[index]} where the results have ${now[index]}, and should ${allowed}`
}

function wordsOf(text: string): string {
  return text.replace(NUMBER, '#')
}

function numbersOf(text: string): number[] {
  return [...text.matchAll(NUMBER)].map(([number]) => Number(number.replaceAll(',', '')))
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
