/** What of the simulator is to be run, from the command line. */

/** A run of the simulator. */
export interface FaultOptions {
  /** Events in all. */
  events: number
  /** Seeds that they are spread over. */
  seeds: number
  /** Ends after so long, and goes on with the next run. */
  minutes: number
  /** This seed alone, to see it again. */
  seed?: number
  eventsASeed: number
}

/** What is run where nobody says: a few minutes. */
const DEFAULTS = { events: 100_000, seeds: 100, minutes: 10 }

/** Reads `--events`, `--seeds`, `--minutes`, `--seed` and `--events-a-seed`. Throws RangeError for what is no number. */
export function parseFaultOptions(values: Readonly<Record<string, string | undefined>>): FaultOptions {
  const read = (name: string, fallback: number): number => {
    const value = values[name] === undefined ? fallback : Number(values[name])
    if (!(value > 0)) throw new RangeError(`--${name} must be a number over 0, got ${values[name]}`)
    return value
  }
  const events = Math.round(read('events', DEFAULTS.events))
  const asked = values['events-a-seed'] === undefined ? undefined : read('events-a-seed', 1)
  const seeds = Math.round(
    read('seeds', asked ? Math.ceil(events / asked) : Math.max(DEFAULTS.seeds, Math.ceil(events / 10_000))),
  )
  return {
    events,
    seeds,
    minutes: read('minutes', values['events'] === undefined ? DEFAULTS.minutes : 24 * 60),
    ...(values['seed'] === undefined ? {} : { seed: Math.round(read('seed', 1)) }),
    eventsASeed: Math.round(asked ?? Math.ceil(events / seeds)),
  }
}
