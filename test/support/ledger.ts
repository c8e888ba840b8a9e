/** What the tests of the ledger have in common: when it is, what events came, what the job works with. */

import type { EnvelopeEvent } from '@millrace/schemas'
import type { LedgerEffects } from '../../consumers/src/ledger/job.ts'
import type { TestWarehouse } from './warehouse.ts'

const HOUR_MS = 3_600_000

/** An hour that is over, so that no test runs across its end. */
export const LEDGER_AT = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS

/** Metadata of objects in the bucket, by key. */
export type Objects = Record<string, Record<string, string>>

/** An event of that id and time. */
export const ledgerEvent = (messageId: string, at = LEDGER_AT): EnvelopeEvent => ({
  ...{ messageId, type: 'track', event: 'x', anonymousId: 'a', timestamp: at, originalTimestamp: at },
})

/** Effects of a job that never rests, in that warehouse and a bucket with those objects. */
export function ledgerEffects(
  { run, query }: TestWarehouse,
  objects: Objects = {},
  logged: unknown[] = [],
): LedgerEffects {
  return {
    run,
    read: query,
    bucket: bucketOf(objects),
    restFactor: 0,
    log: (record) => void logged.push(record),
  }
}

function bucketOf(objects: Objects): LedgerEffects['bucket'] {
  return {
    list: async ({ prefix }) => ({
      objects: Object.entries(objects)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, customMetadata]) => ({ key, customMetadata, size: 1, etag: '', uploaded: new Date() })),
      truncated: false,
      delimitedPrefixes: [],
    }),
  }
}
