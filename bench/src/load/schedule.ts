/** When what is broken, in a soak of given length. Pure. */

/**
 * - `clickhouse`: SIGKILL, and started again after a while.
 * - `deploy`: the Worker is ended when its queue is empty, and started again.
 * - `crash`: SIGKILL of workerd; what its queue holds in memory is lost.
 */
export type FaultKind = 'clickhouse' | 'deploy' | 'crash'

/** One of them. */
export interface Fault {
  kind: FaultKind
  /** Milliseconds after the soak's beginning. */
  atMs: number
  /** How long it is away; only of ClickHouse. */
  forMs: number
}

/** Longest that ClickHouse is away, milliseconds. */
const MAX_OUTAGE_MS = 30_000

/** Share of the soak that ClickHouse is away at most. */
const OUTAGE_SHARE = 0.08

/** A soak of so many minutes has a second outage, after the Worker's restarts. */
const LONG_MINUTES = 8

/** The faults, in order. The first quarter and the last minutes are left alone. */
export function planFaults(minutes: number): Fault[] {
  const totalMs = minutes * 60_000
  const forMs = Math.round(Math.min(MAX_OUTAGE_MS, totalMs * OUTAGE_SHARE))
  const at = (kind: FaultKind, share: number, awayMs = 0): Fault => ({
    kind,
    atMs: Math.round(totalMs * share),
    forMs: awayMs,
  })
  return [
    at('clickhouse', 0.25, forMs),
    at('deploy', 0.5),
    at('crash', 0.7),
    ...(minutes >= LONG_MINUTES ? [at('clickhouse', 0.82, forMs)] : []),
  ]
}
