/** Builds the whole site in memory: every page, what pages refer to, and what is wrong with their links. */

import { hrefOf, readLink } from './links.ts'
import { type Heading, type Rendered, renderMarkdown } from './markdown.ts'
import { readNavigation, type Section } from './navigation.ts'
import { type NavigationSection, renderPage } from './page.ts'
import { CONTENTS, listPages, placeOf, wayTo } from './pages.ts'
import type { Repository } from './repository.ts'
import { buildSearchIndex } from './search-index.ts'

/** What the site is built with. */
export interface SiteOptions {
  repository: Repository
  /** Address under which the repository's files can be looked at, such as `https://git.example/millrace/blob/main`. Default: their names are text. */
  sourceUrl?: string | undefined
}

/** A site. */
export interface Site {
  /** Keys are places below the site's root. */
  files: Map<string, string | Uint8Array>
  /** One a broken link or missing page, as `file:line: what`. */
  problems: string[]
}

/** Folder of stylesheet and script in the repository. */
const ASSETS = 'site/assets'

/** Behind how many sections the examples stand: start, concepts, SDKs. */
const EXAMPLES_AT = 3

/** A link to a page, to be checked once all headings are known. */
interface PageLink {
  from: string
  line: number
  href: string
  path: string
  anchor: string
}

interface Work {
  options: SiteOptions
  pages: ReadonlySet<string>
  links: PageLink[]
  images: Set<string>
  problems: string[]
}

/** Builds the site. The same repository gives the same bytes. */
export function buildSite(options: SiteOptions): Site {
  const { repository } = options
  const pages = listPages(repository)
  const work: Work = { options, pages: new Set(pages), links: [], images: new Set(), problems: [] }
  const rendered = new Map(pages.map((path) => [path, renderFile(work, path)]))
  const navigation = placeSections(work, rendered)
  checkAnchors(work, rendered)
  const order = navigation.flatMap((section) => section.entries)
  const files: Site['files'] = new Map()
  for (const [path, page] of rendered) {
    files.set(placeOf(path), renderPage({ place: placeOf(path), page, navigation, order }))
  }
  files.set('search.json', buildSearchIndex(order, rendered))
  for (const name of repository.list(ASSETS)) files.set(name, repository.read(`${ASSETS}/${name}`))
  for (const path of [...work.images].sort()) files.set(path, repository.readBytes(path))
  return { files, problems: work.problems.sort() }
}

function renderFile(work: Work, path: string): Rendered {
  const text = work.options.repository.read(path)
  return renderMarkdown(text, (href, line) => rewrite(work, path, href, line))
}

/** Where a link leads on the site; keeps what has to be checked or copied. */
function rewrite(work: Work, from: string, href: string, line: number): string | undefined {
  const { options, pages, links, images, problems } = work
  const way = (place: string) => wayTo(placeOf(from), place)
  const link = readLink(options.repository, pages, from, href)
  switch (link.kind) {
    case 'outside':
      return href
    case 'broken':
      problems.push(`${from}:${line}: ${href}: ${link.reason}`)
      return href
    case 'asset':
      images.add(link.path)
      return way(link.path)
    case 'source':
      return options.sourceUrl === undefined ? undefined : `${options.sourceUrl}/${link.path}`
    case 'page':
      links.push({ from, line, href, path: link.path, anchor: link.anchor })
      return hrefOf(way, link.path, link.anchor)
  }
}

/** The navigation with the place of each page. Examples that it does not name have a section of their own. */
function placeSections(work: Work, rendered: ReadonlyMap<string, Rendered>): NavigationSection[] {
  const { options, pages, problems } = work
  const left = new Set([...pages].filter((path) => path !== CONTENTS))
  const place = (section: Section): NavigationSection => ({
    title: section.title,
    entries: section.entries.flatMap(({ href, title }) => {
      // A broken one was told of when the table of contents was rendered.
      const link = readLink(options.repository, pages, CONTENTS, href)
      if (link.kind !== 'page' || !left.delete(link.path)) return []
      return [{ path: link.path, place: placeOf(link.path), title }]
    }),
  })
  const sections = readNavigation(options.repository.read(CONTENTS)).map(place)
  const examples = [...left].filter((path) => path.startsWith('examples/'))
  const entries = examples.map((path) => ({
    path,
    place: placeOf(path),
    title: rendered.get(path)?.title ?? path,
  }))
  for (const path of examples) left.delete(path)
  for (const path of left) problems.push(`${path}:1: is not in ${CONTENTS}`)
  if (entries.length > 0) sections.splice(EXAMPLES_AT, 0, { title: 'Examples', entries })
  return sections
}

function checkAnchors(work: Work, rendered: ReadonlyMap<string, Rendered>): void {
  const ids = new Map([...rendered].map(([path, page]) => [path, idsOf(page.html, page.headings)]))
  for (const { from, line, href, path, anchor } of work.links) {
    if (anchor === '' || ids.get(path)?.has(anchor)) continue
    work.problems.push(`${from}:${line}: ${href}: ${path} has no heading #${anchor}`)
  }
}

function idsOf(html: string, headings: readonly Heading[]): Set<string> {
  const own = [...html.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id]) => id ?? '')
  return new Set([...headings.map(({ id }) => id), ...own])
}
