/** What a link of a Markdown file means: another page, a file of the site, the source tree, another site, or nothing. */

import { posix } from 'node:path'
import { placeOf } from './pages.ts'
import type { Repository } from './repository.ts'

/** A link, read. */
export type Link =
  | { kind: 'page'; path: string; anchor: string }
  /** A file that the site has a copy of. */
  | { kind: 'asset'; path: string }
  /** A file or folder of the repository that is no page. */
  | { kind: 'source'; path: string }
  | { kind: 'outside' }
  | { kind: 'broken'; reason: string }

const IS_ASSET = /\.(png|jpe?g|gif|svg|webp|avif)$/i

const IS_OUTSIDE = /^(https?:|mailto:)/

/**
 * Reads a link.
 *
 * @param from path of the Markdown file that has it
 * @param pages paths of all Markdown files that become pages
 */
export function readLink(
  repository: Repository,
  pages: ReadonlySet<string>,
  from: string,
  href: string,
): Link {
  if (IS_OUTSIDE.test(href)) return { kind: 'outside' }
  if (/^[a-z][a-z0-9+.-]*:|^\//i.test(href)) return { kind: 'broken', reason: 'is no relative link' }
  const [target = '', anchor = ''] = decodeURIComponent(href).split('#')
  const path =
    target === '' ? from : posix.normalize(posix.join(posix.dirname(from), target)).replace(/\/$/, '')
  const readme = path === '.' ? 'README.md' : `${path}/README.md`
  for (const page of [path, readme]) if (pages.has(page)) return { kind: 'page', path: page, anchor }
  if (repository.kindOf(path) === undefined) return { kind: 'broken', reason: `there is no ${path}` }
  return { kind: IS_ASSET.test(path) ? 'asset' : 'source', path }
}

/** The address of a page as a link from another has it, with its anchor. */
export function hrefOf(way: (place: string) => string, path: string, anchor: string): string {
  return way(placeOf(path)) + (anchor === '' ? '' : `#${anchor}`)
}
