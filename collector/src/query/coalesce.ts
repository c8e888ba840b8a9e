/** Lets those who want the same at the same time wait for one who gets it. */

/** Gives what the work under way for this key gives, or starts it. Says whether it was under way already. */
export type Coalesce<Value> = (
  key: string,
  work: () => Promise<Value>,
) => Promise<{ value: Value; isShared: boolean }>

/** Work by its key, for as long as it is under way. A failure is everybody's who waited, and nobody's after them. */
export function createCoalesce<Value>(): Coalesce<Value> {
  const underWay = new Map<string, Promise<Value>>()
  return async (key, work) => {
    const known = underWay.get(key)
    if (known !== undefined) return { value: await known, isShared: true }
    const started = work().finally(() => underWay.delete(key))
    underWay.set(key, started)
    return { value: await started, isShared: false }
  }
}
