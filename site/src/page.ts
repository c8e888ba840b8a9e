/** The HTML around the inside of a page: head, navigation, the page's own headings, the pages before and behind. */

import type { Heading, Rendered } from './markdown.ts'
import { placeOf, wayTo } from './pages.ts'
import { escapeHtml, textOf } from './text.ts'

/** A page in the navigation. */
export interface NavigationEntry {
  /** Of the Markdown file. */
  path: string
  /** On the site. */
  place: string
  title: string
}

/** Pages under one title. */
export interface NavigationSection {
  title: string
  entries: NavigationEntry[]
}

/** What a page is made of. */
export interface PageParts {
  place: string
  page: Rendered
  navigation: readonly NavigationSection[]
  /** All entries in reading order. */
  order: readonly NavigationEntry[]
}

/** Nothing from elsewhere, nothing inline. */
const CSP =
  "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"

/** With fewer, a page needs no list of them. */
const MIN_HEADINGS = 3

/** The whole page. */
export function renderPage({ place, page, navigation, order }: PageParts): string {
  const way = (goal: string) => wayTo(place, goal)
  const root = way('style.css').slice(0, -'style.css'.length)
  const title = place === 'index.html' ? 'Millrace' : `${escapeHtml(page.title)} · Millrace`
  const menu = renderMenu(navigation, place, way)
  return `<!doctype html>
<html lang="en" data-root="${root}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${CSP}">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${way('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${way('style.css')}">
<script src="${way('site.js')}" defer></script>
</head>
<body>
<a class="skip" href="#content">To the text</a>
<header class="top">
<a class="name" href="${way('index.html')}">Millrace</a>
<div class="search" hidden></div>
<a class="contents" href="${way(placeOf('docs/README.md'))}">Contents</a>
</header>
<details class="menu"><summary>Menu</summary><nav aria-label="Pages, on small screens">${menu}</nav></details>
<div class="columns">
<nav class="side" aria-label="Pages">${menu}</nav>
<main id="content" tabindex="-1">
${renderHeadings(page.headings)}<article>
${page.html}</article>
${renderSteps(order, place, way)}</main>
</div>
</body>
</html>
`
}

function renderMenu(
  navigation: readonly NavigationSection[],
  place: string,
  way: (goal: string) => string,
): string {
  return navigation
    .filter(({ entries }) => entries.length > 0)
    .map(({ title, entries }) => {
      const items = entries.map((entry) => {
        const current = entry.place === place ? ' aria-current="page"' : ''
        return `<li><a href="${way(entry.place)}"${current}>${escapeHtml(entry.title)}</a></li>`
      })
      return `<p>${escapeHtml(title)}</p>\n<ul>\n${items.join('\n')}\n</ul>\n`
    })
    .join('')
}

/** The page's headings of the second level, and of the third where these are not many. */
function renderHeadings(all: readonly Heading[]): string {
  const second = all.filter(({ level }) => level === 2)
  const both = all.filter(({ level }) => level === 2 || level === 3)
  const headings = both.length <= 40 ? both : second
  if (headings.length < MIN_HEADINGS) return ''
  const items = headings.map(
    ({ level, text, id }) =>
      `<li class="level-${level}"><a href="#${id}">${escapeHtml(textOf(text))}</a></li>`,
  )
  const list = `<ul>\n${items.join('\n')}\n</ul>`
  // Beside the text where there is room, folded above it where there is none: without a script it takes two.
  return `<nav class="page" aria-label="On this page"><p>On this page</p>\n${list}</nav>
<details class="headings"><summary>On this page</summary>\n<nav aria-label="Headings">${list}</nav></details>\n`
}

function renderSteps(
  order: readonly NavigationEntry[],
  place: string,
  way: (goal: string) => string,
): string {
  const at = order.findIndex((entry) => entry.place === place)
  if (at < 0) return ''
  const step = (entry: NavigationEntry | undefined, rel: string, word: string) =>
    entry === undefined
      ? ''
      : `<a rel="${rel}" href="${way(entry.place)}"><span>${word}</span> ${escapeHtml(entry.title)}</a>`
  const [before, behind] = [step(order[at - 1], 'prev', 'Before'), step(order[at + 1], 'next', 'Next')]
  return `<nav class="steps" aria-label="Before and next">${before}${behind}</nav>\n`
}
