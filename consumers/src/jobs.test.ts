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
