/** A bound on how long to wait for somebody else. */

/** The wait was over before the work. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/**
 * What `work` resolves with, or a rejection by {@link TimeoutError} once `timeoutMs` passed. The work itself goes on, and may still succeed: only
 * for what may be done twice.
 */
export function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError(`no answer within ${timeoutMs} ms`)), timeoutMs)
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
