/** Watches calls: of one binding, of everything of a class, of work until it ends. */

/** A binding of the platform, or what else is called as it is. */
export type Binding = Record<string, unknown>

/** A method of one. */
export type Method = (...args: unknown[]) => unknown

/** A binding whose calls are told of first; answers may be changed. */
export function spy(
  binding: Binding,
  onCall: (method: string, args: unknown[]) => void,
  change: (method: string, answer: unknown) => unknown = (_, answer) => answer,
): Binding {
  return new Proxy(binding, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        onCall(String(name), args)
        const answer: unknown = (value as Method).apply(target, args)
        return answer instanceof Promise
          ? answer.then((result) => change(String(name), result))
          : change(String(name), answer)
      }
    },
  })
}

/** Calls back after a method of everything that has the same prototype, once. */
export function patch(
  object: Binding,
  watched: WeakSet<object>,
  method: string,
  onCalled: (answer: unknown, args: unknown[], self: object) => void,
): void {
  const prototype = Object.getPrototypeOf(object) as Binding
  if (watched.has(prototype)) return
  watched.add(prototype)
  const real = prototype[method] as Method
  prototype[method] = function (this: object, ...args: unknown[]) {
    const answer = real.apply(this, args)
    onCalled(answer, args, this)
    return answer
  }
}

/** Calls, and then does something, whether it went well or not and whether it takes time or not. */
export function settle<T>(call: () => T, after: () => void): T {
  let answer: T
  try {
    answer = call()
  } catch (error) {
    after()
    throw error
  }
  if (answer instanceof Promise) return answer.finally(after) as T
  after()
  return answer
}
