/** Runs the jobs of the cron trigger; what each does is its own business. */

/** Something that is done every minute. */
export interface ScheduledJob {
  /** Names it in the log. */
  name: string
  run: () => Promise<unknown>
}

/**
 * Runs all jobs at once and resolves when the last has ended. None waits for another or fails with it; a failure is one
 * line in the log. Never rejects: a failed cron run would say less than that line.
 */
export async function runJobs(
  jobs: readonly ScheduledJob[],
  log: (record: Record<string, unknown>) => void,
): Promise<void> {
  await Promise.all(jobs.map((job) => runJob(job, log)))
}

async function runJob(
  { name, run }: ScheduledJob,
  log: (record: Record<string, unknown>) => void,
): Promise<void> {
  try {
    await run()
  } catch (error) {
    log({ level: 'error', event: 'job_failed', job: name, error: String(error) })
  }
}
