/** Listeners by name. Knows nothing of what is told. */

/** Calls a function of the caller's. An async one fits the type of every listener, so its rejection counts as a throw. */
export function callGuarded(call: () => unknown, onThrown: (cause: unknown) => void): void {
  try {
    const result = call()
    if (result instanceof Promise) result.catch(onThrown)
  } catch (cause) {
    onThrown(cause)
  }
}

export interface Emitter<Events extends object> {
  /** Adds a listener; the returned function takes it away again. */
  on<Name extends keyof Events>(name: Name, listener: (told: Events[Name]) => void): () => void
  /** Tells every listener of that name, in the order in which they came; `false` when there is none. */
  emit<Name extends keyof Events>(name: Name, told: Events[Name]): boolean
}

/**
 * An emitter for the given names. `onThrown` gets the name and what a listener threw or rejected with; the others are told
 * all the same.
 *
 * @throws TypeError from `on`, for a name that is not in the list or a listener that is no function
 */
export function createEmitter<Events extends object>(
  names: readonly (keyof Events & string)[],
  onThrown: (name: keyof Events, cause: unknown) => void,
): Emitter<Events> {
  type Listener = (told: never) => void
  const listeners = new Map<keyof Events, Set<{ listener: Listener }>>(names.map((name) => [name, new Set()]))

  return {
    on(name, listener) {
      const set = listeners.get(name)
      if (set === undefined) {
        throw new TypeError(`on: the event must be one of ${names.join(', ')}, got ${String(name)}`)
      }
      if (typeof listener !== 'function') throw new TypeError('on: the listener must be a function')
      // An entry of its own, so that a function that was added twice is told twice.
      const entry = { listener }
      set.add(entry)
      return () => void set.delete(entry)
    },
    emit(name, told) {
      const set = listeners.get(name)
      if (set === undefined || set.size === 0) return false
      for (const { listener } of [...set]) {
        callGuarded(
          () => listener(told as never),
          (cause) => onThrown(name, cause),
        )
      }
      return true
    },
  }
}
