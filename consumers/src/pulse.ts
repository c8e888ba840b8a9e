/** The job of every minute: says whether the warehouse answers, so that silence in the log is a sign of its own. */

/** What the job works with. */
export interface PulseEffects {
  /** Rejects when the warehouse does not answer. */
  ping: () => Promise<void>
  /** Milliseconds. */
  now: () => number
  log: (record: Record<string, unknown>) => void
}

/** Logs one line, `info` or `error`; never throws, because a failed cron run says less than this line. */
export async function reportPulse({ ping, now, log }: PulseEffects): Promise<void> {
  const startedAt = now()
  try {
    await ping()
    log({ level: 'info', event: 'pulse', warehouse: 'ok', ms: now() - startedAt })
  } catch (error) {
    log({ level: 'error', event: 'pulse', warehouse: 'unreachable', error: String(error) })
  }
}
