/** Holds what has a name to names of its own. */

/** @throws RangeError naming the option and the name */
export function checkNames(all: readonly { name: string }[], option: string): void {
  const names = new Set<string>()
  all.forEach(({ name }, index) => {
    if (names.has(name)) throw new RangeError(`${option}[${index}].name must be unique, got "${name}" twice`)
    names.add(name)
  })
}
