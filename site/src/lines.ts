/** In which line of a Markdown file a link stands. */

import type { Token } from 'marked'

/** The lines where top-level tokens begin, from 1. What the tokens say of themselves adds up to the file. */
export function linesOf(tokens: readonly Token[]): number[] {
  let line = 1
  return tokens.map((token) => {
    const begin = line
    line += count(token.raw)
    return begin
  })
}

/**
 * The line of a link within a token.
 *
 * @param begin line of the token
 * @param nth how many links of the same address are before it in the token
 */
export function lineOfLink(token: Token, begin: number, href: string, nth: number): number {
  let at = -1
  for (let i = 0; i <= nth; i++) {
    const next = token.raw.indexOf(href, at + 1)
    if (next < 0) break
    at = next
  }
  return begin + count(token.raw.slice(0, Math.max(at, 0)))
}

function count(text: string): number {
  return text.split('\n').length - 1
}
