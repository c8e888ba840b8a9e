/** Steps that seldom wait. A promise for each event of a batch would cost more than most of the steps do. */

/** A value that is there, or will be. */
export type MaybePromise<T> = T | Promise<T>

/** What `next` makes of the value: at once when it is there. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
