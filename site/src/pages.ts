/** Which Markdown files become pages, and where. */

import type { Repository } from './repository.ts'

/** The home page. */
export const HOME = 'README.md'

/** The table of contents, from which the navigation is made. */
export const CONTENTS = 'docs/README.md'

/** Folders that are looked through whole. */
const FOLDERS = ['docs', 'sdk-web/docs']

/** Files of the root that are pages where they are there. */
const ROOT_FILES = [HOME, 'CONTRIBUTING.md', 'SECURITY.md', 'CODE_OF_CONDUCT.md', 'CHANGELOG.md']

/** Folders that have no README of a page, or are none of the repository's. */
const IS_SKIPPED = /^(\..*|dist|node_modules|docs)$/

/** The paths of all Markdown files that become pages, sorted. */
export function listPages(repository: Repository): string[] {
  const readmes = [
    ...repository.list('.').filter((name) => !IS_SKIPPED.test(name)),
    ...listExamples(repository),
  ]
    .map((folder) => `${folder}/README.md`)
    .filter((path) => repository.kindOf(path) === 'file')
  const roots = ROOT_FILES.filter((path) => repository.kindOf(path) === 'file')
  return [...roots, ...readmes, ...FOLDERS.flatMap((folder) => listMarkdown(repository, folder))].sort()
}

function listExamples(repository: Repository): string[] {
  return repository.list('examples').map((name) => `examples/${name}`)
}

function listMarkdown(repository: Repository, folder: string): string[] {
  return repository.list(folder).flatMap((name) => {
    const path = `${folder}/${name}`
    if (repository.kindOf(path) === 'folder') return listMarkdown(repository, path)
    return name.endsWith('.md') ? [path] : []
  })
}

/** Where the page of a Markdown file is, below the site's root: `docs/live.md` is `docs/live.html`, a README `index.html`. */
export function placeOf(path: string): string {
  return path.replace(/(^|\/)README\.md$/, '$1index.md').replace(/\.md$/, '.html')
}

/** The way from one place of the site to another, relative. */
export function wayTo(from: string, to: string): string {
  const steps = from.split('/').slice(0, -1)
  const goal = to.split('/')
  while (steps.length > 0 && goal.length > 1 && steps[0] === goal[0]) {
    steps.shift()
    goal.shift()
  }
  return '../'.repeat(steps.length) + goal.join('/')
}
