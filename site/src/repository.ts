/** What the site is built from: the files of the repository, by their path below its root. */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The files of a repository; paths have slashes and no `./` in front. */
export interface Repository {
  /** The names in a folder, sorted; none where there is no such folder. */
  list(folder: string): string[]
  /** Text of a file. */
  read(path: string): string
  /** Bytes of a file. */
  readBytes(path: string): Uint8Array
  /** What is at a path, if anything. */
  kindOf(path: string): 'file' | 'folder' | undefined
}

/** The repository in a folder of this machine. */
export function openRepository(root: string): Repository {
  const kindOf = (path: string) => {
    const stats = statSync(join(root, path), { throwIfNoEntry: false })
    return stats?.isFile() ? 'file' : stats?.isDirectory() ? 'folder' : undefined
  }
  return {
    list: (folder) => (kindOf(folder) === 'folder' ? readdirSync(join(root, folder)).sort() : []),
    read: (path) => readFileSync(join(root, path), 'utf8'),
    readBytes: (path) => readFileSync(join(root, path)),
    kindOf,
  }
}

/** A repository in memory, for tests: keys are paths, values the files' text. */
export function fakeRepository(files: Readonly<Record<string, string>>): Repository {
  const paths = Object.keys(files)
  const below = (folder: string) => (folder === '' || folder === '.' ? '' : `${folder}/`)
  const read = (path: string) => {
    const text = files[path]
    if (text === undefined) throw new Error(`no ${path}`)
    return text
  }
  return {
    list: (folder) => {
      const inside = paths.filter((path) => path.startsWith(below(folder)))
      const names = inside.map((path) => path.slice(below(folder).length).split('/')[0] ?? '')
      return [...new Set(names)].sort()
    },
    read,
    readBytes: (path) => new TextEncoder().encode(read(path)),
    kindOf: (path) => {
      if (path in files) return 'file'
      return paths.some((other) => other.startsWith(below(path))) ? 'folder' : undefined
    },
  }
}
