/** Runs the jobs of the cron trigger; what each does is its own business. */

import type { SampledLog } from '@millrace/schemas'

/** Something that is done every minute. */
export interface ScheduledJob {
  /** Names it in the log. */
  name: string
  run: () => Promise<unknown>
}

/** How it is said that jobs were done. */
export interface JobLog {
  logSampled: SampledLog
  /** Milliseconds since 1970. */
  now: () => number
}

/**
 * Runs all jobs at once and resolves when the last has ended. None waits for another or fails with it; a failure is one
 * line in the log. Never rejects: a failed cron run would say less than that line.
 *
 * @param done of a share of the runs it is said that a job was done, and how long it took. Default of none
 */
export async function runJobs(
  jobs: readonly ScheduledJob[],
  log: (record: Record<string, unknown>) => void,
  done?: JobLog,
): Promise<void> {
  await Promise.all(jobs.map((job) => runJob(job, log, done)))
}

async function runJob(
  { name, run }: ScheduledJob,
  log: (record: Record<string, unknown>) => void,
  done: JobLog | undefined,
): Promise<void> {
  const startedAt = done?.now() ?? 0
  try {
    await run()
    const record = { level: 'info', event: 'job_done', job: name }
    done?.logSampled(`${name} ${startedAt}`, { ...record, ms: done.now() - startedAt })
  } catch (error) {
    log({ level: 'error', event: 'job_failed', job: name, error: String(error) })
  }
}
