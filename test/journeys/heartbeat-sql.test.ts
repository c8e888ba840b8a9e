/** What the view `heartbeat_objectives` says of beats, over rows as the cron writes them. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await startWarehouse()
})
afterAll(() => warehouse.stop())

/** A beat so many seconds ago, that was looked for so long after it; `live` is when the live window had it. */
function insertBeat(id: string, secondsAgo: number, lookedAfter: number, liveMs: number | null) {
  const columns = 'answered_ms, live_ms, warehouse_ms, lake_ms'
  const objectives = 'answered_objective_ms, live_objective_ms, warehouse_objective_ms, lake_objective_ms'
  return warehouse.run(
    `INSERT INTO heartbeats (sent_at, message_id, door, ${columns}, ${objectives}, state, updated_at)
SELECT now64(3) - INTERVAL ${secondsAgo} SECOND AS at, '${id}', 'inside', 20, ${liveMs ?? 'NULL'}, NULL, NULL, 1000, 2000, 10000, 900000, 'pending', at + INTERVAL ${lookedAfter} SECOND`,
  )
}

it('judges a beat once it was looked for after the objective of a stage', async () => {
  const share = async () => {
    const rows = await warehouse.query<{ stage: string; within_objective: number | null }>(
      "SELECT stage, within_objective FROM heartbeat_objectives WHERE period = '1h'",
    )
    return Object.fromEntries(rows.map((row) => [row.stage, row.within_objective]))
  }
  // Sent half a minute ago, and nobody has looked since: nobody knows.
  await insertBeat('newest', 30, 0, null)
  expect(await share()).toEqual({ answered: 1, live: null, warehouse: null, lake: null })
  await insertBeat('good', 90, 60, 1_500)
  expect(await share()).toEqual({ answered: 1, live: 1, warehouse: 0, lake: null })
  await insertBeat('slow', 150, 60, 2_500)
  await insertBeat('nowhere', 210, 60, null)
  expect((await share())['live']).toBeCloseTo(1 / 3)
})
