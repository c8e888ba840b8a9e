/** Options of `npm run bench -- load`. */

/** What is asked for. */
export interface LoadOptions {
  /** Length of the soak, after the ramp. Default 15. */
  minutes: number
  /** Simulated clients. Default 2,000. */
  clients: number
  /** Events a second; absent: the highest that is sustained, found first. */
  rate?: number
}

/** A soak of so many minutes is the whole measurement, whose result is kept. */
const WHOLE_MINUTES = 15

const DEFAULT_CLIENTS = 2_000

/** Options from the texts of the command line. @throws RangeError for one that is no number above zero */
export function parseLoadOptions(
  texts: { [name in 'minutes' | 'clients' | 'rate']?: string | undefined },
): LoadOptions {
  const read = (name: keyof typeof texts, otherwise: number) => {
    const value = Number(texts[name] ?? otherwise)
    if (value > 0 && value < Number.POSITIVE_INFINITY) return value
    throw new RangeError(`--${name} must be a number above 0, got ${texts[name]}`)
  }
  const minutes = read('minutes', WHOLE_MINUTES)
  const clients = Math.max(20, Math.round(read('clients', DEFAULT_CLIENTS)))
  return { minutes, clients, ...(texts.rate === undefined ? {} : { rate: read('rate', 0) }) }
}

/** Whether its result is one to keep: nothing was made smaller. */
export function isWhole({ minutes, clients, rate }: LoadOptions): boolean {
  return minutes >= WHOLE_MINUTES && clients >= DEFAULT_CLIENTS && rate === undefined
}
