/** `PUT /v1/lookups/:name`: replaces a lookup table. Who may do so, and how long a body may be, is decided before. */

import type { ErrorCode, SourceSettings } from '@millrace/schemas'
import { type LookupBucket, storeLookup } from '../enrich/lookup-store.ts'
import { parseLookup } from '../enrich/lookup-table.ts'

/** What {@link putLookup} works with. */
export interface PutLookupOptions {
  bucket: Pick<LookupBucket, 'put'>
  /** Source whose secret key was given. */
  source: string
  /** Joins of that source, to warn of a table that none of them uses. Default: unknown, so no warning. */
  joins?: SourceSettings['lookups']
  /** Name of the table, from the path. */
  name: string
  /** The body. */
  text: string
  log: (record: Record<string, unknown>) => void
}

/** Answer to a table that was taken. Isolates use it within a minute. */
export interface LookupPutAnswer {
  success: true
  name: string
  rows: number
  /** Changes with the content; events carry the version of the rows they were given. */
  version: string
  /** One sentence, when nothing will come of the table as things are. */
  warning?: string
}

/** Outcome of {@link putLookup}. */
export type LookupPut =
  | { ok: true; answer: LookupPutAnswer }
  | { ok: false; status: 400 | 503; code: ErrorCode; message: string }

/** Source: the rule for `table` in the configuration. */
const LOOKUP_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** Checks and stores a table; answers only after R2 has it. Never throws. */
export async function putLookup({
  bucket,
  source,
  joins,
  name,
  text,
  log,
}: PutLookupOptions): Promise<LookupPut> {
  if (!LOOKUP_NAME.test(name)) {
    return refuse(`the name of a lookup table must be 1 to 64 of a-z, 0-9, "-", "_"`)
  }
  const result = parseLookup(text)
  if (!result.ok) return refuse(result.message)
  try {
    const { version } = await storeLookup(bucket, source, name, result.table)
    const warning = joins === undefined ? undefined : describeUnused(source, joins, name)
    const answer: LookupPutAnswer = { success: true, name, rows: result.table.rows.size, version }
    return { ok: true, answer: warning === undefined ? answer : { ...answer, warning } }
  } catch (error) {
    log({ level: 'error', event: 'lookup_not_stored', source, table: name, error: String(error) })
    const message = 'the lookup table could not be stored, the old one is still in use; send it again'
    return { ok: false, status: 503, code: 'temporarily_unavailable', message }
  }
}

/** A table may be loaded before the configuration that joins it, so that this is no reason to refuse it. */
function describeUnused(
  source: string,
  joins: NonNullable<SourceSettings['lookups']>,
  name: string,
): string | undefined {
  const known = [...new Set(joins.map(({ table }) => table))]
  if (known.includes(name)) return undefined
  const others = known.length === 0 ? 'it has no joins' : `known: ${known.join(', ')}`
  return `no join of source ${source} uses a table called ${name}; ${others}`
}

function refuse(message: string): LookupPut {
  return { ok: false, status: 400, code: 'invalid_lookup', message }
}
