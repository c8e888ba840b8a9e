/** The sections of the site and the order of its pages, read from the table of contents. */

import { lexer, type Token, type Tokens } from 'marked'
import { CONTENTS } from './pages.ts'

/** One page in the navigation. */
export interface Entry {
  /** Address as the table of contents has it. */
  href: string
  title: string
  line: number
}

/** Pages under one heading. */
export interface Section {
  title: string
  entries: Entry[]
}

/** Sections are its headings of the second level; pages are the first links of their lists' items. */
export function readNavigation(text: string): Section[] {
  const sections: Section[] = []
  let line = 1
  for (const token of lexer(text)) {
    if (token.type === 'heading' && token['depth'] === 2) sections.push({ title: token['text'], entries: [] })
    if (token.type === 'list') sections.at(-1)?.entries.push(...readList(token as Tokens.List, line))
    line += token.raw.split('\n').length - 1
  }
  if (sections.length === 0) throw new Error(`${CONTENTS} has no section`)
  return sections
}

function readList(list: Tokens.List, begin: number): Entry[] {
  let line = begin
  return list.items.flatMap((item) => {
    const at = line
    line += item.raw.split('\n').length - 1
    const link = findLink(item.tokens)
    return link === undefined ? [] : [{ href: link.href, title: link.text.replaceAll('`', ''), line: at }]
  })
}

function findLink(tokens: readonly Token[]): Tokens.Link | undefined {
  for (const token of tokens) {
    if (token.type === 'link') return token as Tokens.Link
    const inside = 'tokens' in token && token.tokens ? findLink(token.tokens) : undefined
    if (inside !== undefined) return inside
  }
  return undefined
}
