/** What stands on a reference page, in which order, and under which anchor. Nothing is told twice. */

import { createAnchors, type PartHeadings } from './anchors.ts'
import type { Member } from './members.ts'
import type { Reference } from './packages.ts'
import type { Entry, Export } from './read-exports.ts'

/** What is told of under one heading of the second level. */
export interface Part extends PartHeadings {
  text: string
  /** The import path; none where nothing can be imported. */
  path: string | undefined
  own: Export[]
  /** Told of before. */
  again: Export[]
}

/** Plans a page. */
export function planPage(reference: Reference, entries: readonly Entry[]) {
  const told = new Set<string>()
  const take = (all: readonly Export[]): Export[] => {
    const own = all.filter(
      ({ declaredAt, name }) => !told.has(declaredAt) && !reference.hidden.includes(name),
    )
    for (const { declaredAt } of own) told.add(declaredAt)
    return own
  }
  const parts = entries.map(({ text, exports }, i): Part => {
    const path = reference.imports[i]?.path ?? ''
    const own = take(inReadingOrder(exports))
    const again = exports.filter((found) => !own.includes(found) && !reference.hidden.includes(found.name))
    return { title: `\`${path}\``, names: headingsOf(own), text, path, own, again }
  })
  const others = take(reachable(parts.flatMap(({ own }) => own)))
  if (others.length > 0) {
    const text = 'These cannot be imported; they are parts of what can.'
    parts.push({
      title: 'Other types',
      names: headingsOf(others),
      text,
      path: undefined,
      own: others,
      again: [],
    })
  }
  return { parts, anchors: createAnchors(parts) }
}

/** Whether a member has a heading of its own: methods that say something. */
export function hasHeading({ signatures, from, doc }: Member): boolean {
  return signatures.length > 0 && from === undefined && doc.text !== ''
}

function headingsOf(exports: readonly Export[]): string[] {
  return exports.flatMap(({ name, members }) => [
    name,
    ...members.filter(hasHeading).map((member) => `${name}.${member.name}`),
  ])
}

/** What is called or constructed first, then the types that it needs, nearest first, then the rest. */
function inReadingOrder(exports: readonly Export[]): Export[] {
  const first = exports.filter(({ kind }) => kind !== 'interface' && kind !== 'type')
  const all = [...reachable(first), ...exports]
  return [...new Set(all.filter((found) => exports.includes(found)))]
}

/** The given exports, and all types that they refer to. */
function reachable(exports: readonly Export[]): Export[] {
  const found = new Set(exports)
  for (const each of found) for (const other of each.refersTo) found.add(other)
  return [...found]
}
