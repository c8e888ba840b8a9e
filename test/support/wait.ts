/** Waits for something that happens in another process. */

/** Pause between two looks. */
const PAUSE_MS = 100

/**
 * The first value of `look` that `isGood`; by default the first that is neither `undefined` nor false. A look that
 * throws counts as not yet.
 *
 * @throws Error with the last value or error, when it takes longer than `timeoutMs`
 */
export async function waitFor<T>(
  look: () => Promise<T> | T,
  isGood: (value: T) => boolean = (value) => value !== undefined && value !== false,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const last = await attempt(look)
    if (last.ok && isGood(last.value)) return last.value
    if (Date.now() > deadline) {
      throw new Error(
        `not within ${timeoutMs} ms; last: ${last.ok ? JSON.stringify(last.value) : String(last.error)}`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

async function attempt<T>(
  look: () => Promise<T> | T,
): Promise<{ ok: true; value: T } | { ok: false; error: unknown }> {
  try {
    return { ok: true, value: await look() }
  } catch (error) {
    return { ok: false, error }
  }
}
