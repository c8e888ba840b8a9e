/** Keeps a name's colour while it is shown, though its rank changes. */

/**
 * A function that gives each of these names a slot from 0 on; those that were there before keep theirs, as long as what they are
 * `of` is the same. One alone has the first.
 */
export function createSlots(count: number): (names: readonly string[], of?: string) => number[] {
  let taken = new Map<string, number>()
  let shownOf = ''
  return (names, of = '') => {
    if (of !== shownOf || names.length === 1) taken = new Map()
    shownOf = of
    const next = new Map<string, number>()
    for (const name of names) {
      const slot = taken.get(name)
      if (slot !== undefined) next.set(name, slot)
    }
    for (const name of names) {
      if (next.has(name)) continue
      const used = new Set(next.values())
      next.set(
        name,
        Array.from({ length: count }, (_, slot) => slot).find((slot) => !used.has(slot)) ?? count - 1,
      )
    }
    taken = next
    return names.map((name) => next.get(name) ?? count - 1)
  }
}
