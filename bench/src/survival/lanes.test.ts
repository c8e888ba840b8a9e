import { expect, it } from 'vitest'
import { runInLanes } from './lanes.ts'

it('lanes run every job in order, and never more at once than there are lanes', async () => {
  let running = 0
  let most = 0
  const started: number[] = []
  const jobs = [0, 1, 2, 3, 4].map((number) => async () => {
    started.push(number)
    most = Math.max(most, ++running)
    await Promise.resolve()
    running -= 1
  })
  await runInLanes(jobs, 2)
  expect(started).toEqual([0, 1, 2, 3, 4])
  expect(most).toBe(2)
})
