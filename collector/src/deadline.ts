/** A bound on how long to wait for queue or bucket. */

/** A deadline under way. */
export interface Deadline {
  /** Rejects when it has passed; for `Promise.race`. */
  passed: Promise<never>
  /** To be called when nobody waits any more. */
  clear: () => void
}

/** Starts one; `who` is named in the error. What is waited for goes on all the same, and may still be done. */
export function startDeadline(who: string, timeoutMs: number): Deadline {
  let timer: ReturnType<typeof setTimeout> | undefined
  const passed = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new Error(`${who} did not answer within ${timeoutMs} ms`))
    timer = setTimeout(giveUp, timeoutMs)
  })
  const clear = () => {
    if (timer !== undefined) clearTimeout(timer)
  }
  return { passed, clear }
}

/** What `work` resolves with, or a rejection that names `who` once `timeoutMs` passed. */
export async function withinDeadline<T>(work: Promise<T>, who: string, timeoutMs: number): Promise<T> {
  const deadline = startDeadline(who, timeoutMs)
  try {
    return await Promise.race([work, deadline.passed])
  } finally {
    deadline.clear()
  }
}
