/** Runs jobs side by side, a few at a time. */

/** Runs them in their order, no more than `laneCount` at once; rejects with the first that does. */
export async function runInLanes(jobs: readonly (() => Promise<void>)[], laneCount: number): Promise<void> {
  const waiting = [...jobs]
  const lanes = Array.from({ length: laneCount }, async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job()
  })
  await Promise.all(lanes)
}
