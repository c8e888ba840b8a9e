import { createSampledLog } from '@millrace/schemas'
import { expect, it } from 'vitest'
import { createEffects } from './fakes.ts'
import { runJobs } from './jobs.ts'

it('runJobs runs every job, whatever becomes of the others', async () => {
  const { log, logged } = createEffects()
  const ran: string[] = []
  const job = (name: string, run: () => Promise<void>) => ({
    name,
    run: () => {
      ran.push(name)
      return run()
    },
  })
  await runJobs(
    [
      job('throws', () => {
        throw new Error('boom')
      }),
      job('rejects', () => Promise.reject(new Error('away'))),
      job('works', async () => {}),
    ],
    log,
  )
  expect(ran).toEqual(['throws', 'rejects', 'works'])
  expect(logged).toEqual([
    { level: 'error', event: 'job_failed', job: 'throws', error: 'Error: boom' },
    { level: 'error', event: 'job_failed', job: 'rejects', error: 'Error: away' },
  ])
})

it('runJobs says of a share of the runs how long a job took, and of none unless it is told to', async () => {
  const { log, logged } = createEffects()
  let now = 1_000
  const job = {
    name: 'works',
    run: async () => {
      now += 70
    },
  }
  await runJobs([job], log)
  await runJobs([job], log, { logSampled: createSampledLog(log, { sampleRate: 0 }), now: () => now })
  expect(logged).toEqual([])
  await runJobs([job], log, { logSampled: createSampledLog(log, { sampleRate: 1 }), now: () => now })
  expect(logged).toMatchObject([{ level: 'info', event: 'job_done', job: 'works', ms: 70 }])
})
