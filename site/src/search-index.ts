/** What the search box looks through: pages and their headings, in the order of the navigation. */

import type { Rendered } from './markdown.ts'
import type { NavigationEntry } from './page.ts'
import { textOf } from './text.ts'

/** A page or heading that can be found: its title, where it is, and the page that it is on. */
export type SearchEntry = [title: string, place: string, page: string]

/** The index as JSON: an array of {@link SearchEntry}. */
export function buildSearchIndex(
  order: readonly NavigationEntry[],
  rendered: ReadonlyMap<string, Rendered>,
): string {
  const entries = order.flatMap(({ path, place, title }): SearchEntry[] => {
    const headings = rendered.get(path)?.headings.filter(({ level }) => level > 1) ?? []
    return [
      [title, place, ''],
      ...headings.map(({ text, id }): SearchEntry => [textOf(text), `${place}#${id}`, title]),
    ]
  })
  return `${JSON.stringify(entries)}\n`
}
