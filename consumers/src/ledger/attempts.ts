/** Parts of a run of which none keeps another from being done, and none fails unheard. */

/** Collects what fails. */
export interface Attempts {
  /** What `work` gives; nothing where it fails. */
  attempt: <T>(work: () => Promise<T>) => Promise<T | undefined>
  /** @throws what failed; of several an AggregateError that says what each did */
  end: () => void
}

/** Nothing has failed yet. */
export function createAttempts(): Attempts {
  const errors: unknown[] = []
  return {
    async attempt(work) {
      try {
        return await work()
      } catch (error) {
        errors.push(error)
        return undefined
      }
    },
    end() {
      if (errors.length === 1) throw errors[0]
      if (errors.length > 1) throw new AggregateError(errors, [...new Set(errors.map(String))].join('; '))
    },
  }
}
