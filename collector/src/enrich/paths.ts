/** Dotted paths into JSON values: compiled once, then read, or changed by copying only what lies along them. Pure. */

/** A path ready for use. */
export interface CompiledPath {
  /** Keys and positions from the root; {@link ANY} stands for every one. */
  steps: readonly string[]
  /** The path ended in `**`: what is below its last step is meant too, at any depth. */
  isDeep: boolean
}

/** Step that stands for any one key or position. */
export const ANY = '*'

/** What a change gives for a value that is to go: its key is deleted; in an array `null` keeps the other positions. */
export const REMOVED: unique symbol = Symbol('removed')

const ANY_DEPTH = '**'

/**
 * Compiles `properties.products.*.price` or `traits.**`.
 *
 * @throws RangeError when `**` is not the last step, because it would then be taken for a key and match nothing
 */
export function compilePath(path: string): CompiledPath {
  const steps = path.split('.')
  const isDeep = steps.at(-1) === ANY_DEPTH
  if (isDeep) steps[steps.length - 1] = ANY
  if (steps.includes(ANY_DEPTH)) throw new RangeError(`a path may have "**" only at its end, got ${path}`)
  return { steps, isDeep }
}

/**
 * The value with `change` applied to everything at the path. The given value is never altered; when nothing changes, it
 * is itself the answer. Only own keys count.
 *
 * @param change gives the new value, the same one, or {@link REMOVED}
 */
export function updatePath(
  value: unknown,
  steps: readonly string[],
  change: (value: unknown) => unknown,
  depth = 0,
): unknown {
  const step = steps[depth]
  if (step === undefined) return change(value)
  const changeChild = (child: unknown) => updatePath(child, steps, change, depth + 1)
  if (step === ANY) return updateChildren(value, changeChild)
  if (!hasChild(value, step)) return value
  const child = value[step]
  const next = changeChild(child)
  return next === child ? value : withChild(copyOf(value), step, next)
}

/** The value with `change` applied to each of its own children; the same value when none of them changes. */
export function updateChildren(value: unknown, change: (child: unknown) => unknown): unknown {
  if (!isContainer(value)) return value
  let copy: Container | undefined
  for (const key of Object.keys(value)) {
    const next = change(value[key])
    if (next !== value[key]) copy = withChild(copy ?? copyOf(value), key, next)
  }
  return copy ?? value
}

/** What is at the path; `undefined` when there is nothing. {@link ANY} is not special here. */
export function readPath(value: unknown, steps: readonly string[]): unknown {
  let current = value
  for (const step of steps) {
    if (!hasChild(current, step)) return undefined
    current = current[step]
  }
  return current
}

/**
 * Everything at a path with wildcards, in order. Where a branch ends early there is `undefined`, so that the answers line
 * up with the items; where there is nothing to branch over, there is no answer.
 */
export function readPathAll(value: unknown, steps: readonly string[]): unknown[] {
  const first = steps.indexOf(ANY)
  if (first === -1) return [readPath(value, steps)]
  const parent = readPath(value, steps.slice(0, first))
  if (!isContainer(parent)) return []
  const rest = steps.slice(first + 1)
  return Object.values(parent).flatMap((child) => readPathAll(child, rest))
}

/** Whether the path of a value, such as `traits.emails.0`, is at the compiled path or below it. */
export function isAtOrBelow(path: readonly string[], { steps }: CompiledPath): boolean {
  return path.length >= steps.length && steps.every((step, index) => step === ANY || step === path[index])
}

/** Whether a value has children. */
export function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

/** An object or an array, read by its own keys. */
type Container = Record<string, unknown>

/** Of an array only positions count: its `length` is an own key too. */
function hasChild(value: unknown, key: string): value is Container {
  if (!isContainer(value) || !Object.hasOwn(value, key)) return false
  return !Array.isArray(value) || key !== 'length'
}

function copyOf(value: Container): Container {
  return Array.isArray(value) ? (value.slice() as unknown as Container) : { ...value }
}

function withChild(copy: Container, key: string, child: unknown): Container {
  if (child !== REMOVED) {
    // Assigning to `__proto__` would change the prototype; defining makes it the plain key that it was.
    if (key === '__proto__') Object.defineProperty(copy, key, { value: child })
    else copy[key] = child
  } else if (Array.isArray(copy)) copy[Number(key)] = null
  else delete copy[key]
  return copy
}
