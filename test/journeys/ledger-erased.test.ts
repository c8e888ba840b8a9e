/** What was erased stays explained in the ledger, for as long as the ledger looks it up. */

import { type ErasedEvent, eraseRows, forgottenHashSql } from '@millrace/schemas/erase'
import { readRecomputeOptions } from '@millrace/schemas/recompute'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBooks } from '../../collector/src/receipts/books.ts'
import { keepBooks } from '../../consumers/src/ledger/job.ts'
import { planRetention, readEngines } from '../../schemas/src/migrate/retention.ts'
import { buildEnvelope } from '../support/envelope.ts'
import { LEDGER_AT, ledgerEffects } from '../support/ledger.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Of a source that keeps what was refused for a day, an event that came long before that. */
const SOURCE = 'shop'
const RETENTION = { quarantineDays: 1 }
const RECEIVED = LEDGER_AT - 10 * DAY_MS

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await startWarehouse()
  const engines = await readEngines(warehouse.query)
  const changes = planRetention(engines, [{ source: SOURCE, retention: RETENTION }], undefined)
  for (const { sql } of changes) await warehouse.run(sql)
  // Until copies have met: whichever of them stays must not be past its time.
  await warehouse.run('SYSTEM STOP TTL MERGES omitted')
})
afterAll(() => warehouse.stop())

async function keep(): Promise<void> {
  const config = { sources: [{ name: SOURCE, writeKeys: ['w'], retention: RETENTION }] }
  const { horizons } = readRecomputeOptions(config, Date.now())
  await keepBooks(ledgerEffects(warehouse), { sources: [SOURCE], horizons })
}

async function readCounts(): Promise<object | undefined> {
  const [row] = await warehouse.query<object>(
    `SELECT toUInt32(sum(l.accepted)) AS accepted, toUInt32(sum(l.stored)) AS stored, toUInt32(sum(l.duplicates)) AS duplicates,
      toUInt32(sum(l.forgotten)) AS forgotten, toUInt32(sum(l.missing)) AS missing
    FROM ledger AS l WHERE source = '${SOURCE}'`,
  )
  return row
}

/** Deletes all events of the source, as the erasure of a person does. */
async function eraseAll(): Promise<void> {
  const found = await warehouse.query<Pick<ErasedEvent, 'message' | 'hash' | 'hour'>>(
    `SELECT DISTINCT message_id AS message, ${forgottenHashSql('message', 'message_id')} AS hash, toString(toStartOfHour(original_timestamp)) AS hour
    FROM events WHERE source = '${SOURCE}'`,
  )
  const rest = { at: '0', lakeHour: '0', hasClock: '1', key: '1', session: '', visitor: '', device: '' }
  const erasure = { source: SOURCE, ids: [], sessions: [], chunkSize: 100 }
  await eraseRows(
    { run: warehouse.run, read: warehouse.query },
    { rowsOf: (table) => table },
    { ...erasure, events: found.map((event) => ({ ...rest, ...event })) },
  )
}

it('an event that was replayed and then erased is forgotten, whenever it was received', async () => {
  const events = ['m1', 'm2'].map((messageId) => ({
    ...{ messageId, type: 'track' as const, event: 'x', anonymousId: 'a' },
    ...{ timestamp: RECEIVED, originalTimestamp: RECEIVED },
  }))
  const repeated = { messageId: 'm1', index: 2, status: 'duplicate', reason: 'repeated_in_batch' } as const
  const { receipt, settle } = createBooks({ now: () => LEDGER_AT, randomId: () => 'book' }).open(
    SOURCE,
    [3, 0, 0],
  )
  settle(true)
  await warehouse.write([
    buildEnvelope({ source: SOURCE, receivedAt: RECEIVED, receipt, events, omitted: [repeated] }),
  ])
  await keep()
  expect(await readCounts()).toEqual({ accepted: 3, stored: 2, duplicates: 1, forgotten: 0, missing: 0 })

  await eraseAll()
  // A copy that came out of the dead letters afterwards: the Worker leaves it out.
  const copy = { messageId: 'm2', index: 0, status: 'filtered', reason: 'forgotten' } as const
  await warehouse.write([buildEnvelope({ source: SOURCE, receivedAt: RECEIVED, omitted: [copy] })])
  await warehouse.run('OPTIMIZE TABLE omitted FINAL')
  await warehouse.run('SYSTEM START TTL MERGES omitted')
  await warehouse.run('OPTIMIZE TABLE omitted FINAL')
  // As if a week had passed, in which each hour is looked at again.
  await warehouse.run('TRUNCATE TABLE ledger_runs')
  await keep()
  expect(await readCounts()).toEqual({ accepted: 3, stored: 0, duplicates: 1, forgotten: 2, missing: 0 })
})
