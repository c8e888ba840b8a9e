/** One Markdown file as the inside of a page: its HTML, its headings, the links that it has. What a link means is asked. */

import { Marked, type Token, type Tokens } from 'marked'
import { getHeadingList, gfmHeadingId } from 'marked-gfm-heading-id'
import { markedHighlight } from 'marked-highlight'
import { highlight } from './highlight.ts'
import { lineOfLink, linesOf } from './lines.ts'
import { renderTable } from './table.ts'
import { escapeHtml, textOf } from './text.ts'

/** A heading, with the anchor that GitHub gives it. */
export interface Heading {
  level: number
  /** As HTML. */
  text: string
  id: string
}

/** What becomes of a link or an image: another address, or `undefined` for none, and then the text alone stays. */
export type Rewrite = (href: string, line: number) => string | undefined

/** A rendered file. */
export interface Rendered {
  html: string
  headings: Heading[]
  /** Text of the first heading, as it is read. */
  title: string
}

interface Placed {
  href: string
  line: number
}

/**
 * Renders a file.
 *
 * @param rewrite asked for every link and image, in order
 */
export function renderMarkdown(text: string, rewrite: Rewrite): Rendered {
  const unlinked = new WeakSet<Token>()
  const marked = new Marked(
    markedHighlight({ langPrefix: 'language-', highlight }),
    gfmHeadingId(),
    {
      hooks: {
        processAllTokens: (tokens) => {
          const lines = linesOf(tokens)
          tokens.forEach((token, i) => {
            relink(token, lines[i] ?? 1, rewrite, unlinked)
          })
          return tokens
        },
      },
    },
    {
      renderer: {
        link(token) {
          return unlinked.has(token) ? showSource(this.parser.parseInline(token.tokens), token.href) : false
        },
        table(token) {
          return renderTable(token, (cell) => this.parser.parseInline(cell.tokens))
        },
      },
    },
  )
  const html = focusCode(marked.parse(text, { async: false }))
  const headings = getHeadingList().map(({ level, text: inside, id }) => ({ level, text: inside, id }))
  return { html, headings, title: textOf(headings[0]?.text ?? '') }
}

/** Gives links, images and the addresses in HTML of a top-level token where they now lead. */
function relink(top: Token, begin: number, rewrite: Rewrite, unlinked: WeakSet<Token>): void {
  const seen = new Map<string, number>()
  const place = (href: string): Placed => {
    const nth = seen.get(href) ?? 0
    seen.set(href, nth + 1)
    return { href, line: lineOfLink(top, begin, href, nth) }
  }
  const visit = (token: Token): void => {
    if (token.type === 'link' || token.type === 'image') {
      const { href, line } = place(token['href'])
      const next = rewrite(href, line)
      if (next === undefined) unlinked.add(token)
      else token['href'] = next
    }
    if (token.type === 'html') relinkHtml(token as Tokens.HTML, place, rewrite)
    for (const child of childrenOf(token)) visit(child)
  }
  visit(top)
}

function relinkHtml(token: Tokens.HTML, place: (href: string) => Placed, rewrite: Rewrite): void {
  token.text = token.text.replace(/\b(href|src|srcset)="([^"]*)"/g, (whole, name: string, value: string) => {
    const { href, line } = place(value)
    const next = rewrite(href, line)
    return next === undefined ? whole : `${name}="${next}"`
  })
}

function childrenOf(token: Token): Token[] {
  if (token.type === 'table') {
    const { header, rows } = token as Tokens.Table
    return [header, ...rows].flat().flatMap((cell) => cell.tokens)
  }
  if (token.type === 'list') return (token as Tokens.List).items
  return ('tokens' in token && token.tokens) || []
}

/** A file of the repository that is no page: its name as code, unless the text is that already. */
function showSource(inside: string, href: string): string {
  const path = href.replace(/^(\.\.?\/)+/, '').replace(/\/$/, '')
  if (textOf(inside).replace(/\/$/, '') === path) return inside
  return `${inside} (<code>${escapeHtml(path)}</code>)`
}

/** Code that is wider than the page is scrolled by the keyboard too. */
function focusCode(html: string): string {
  return html.replaceAll('<pre>', '<pre tabindex="0">')
}
