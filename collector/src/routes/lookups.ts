/** `PUT /v1/lookups/:name`: replaces a lookup table of the source whose secret key is given. */

import { NAME_PATTERN, type SourceSettings } from '@millrace/schemas'
import type { Context } from 'hono'
import { type LookupBucket, storeLookup } from '../enrich/lookup-store.ts'
import { MAX_TABLE_BYTES, parseLookup } from '../enrich/lookup-table.ts'
import { readBody } from '../read-body.ts'
import type { ReceiveDeps } from '../receive.ts'
import { answerJson, type RequestRefusal, refusal, refuse, refuseForNow } from '../refuse.ts'

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
export type LookupPut = { ok: true; answer: LookupPutAnswer } | RequestRefusal

/** Takes the body of a request as a table; its name is in the path. `bucket` is absent where none is bound. */
export async function takeLookup(
  c: Context,
  { authorize, log }: Pick<ReceiveDeps, 'authorize' | 'log'>,
  bucket: LookupBucket | undefined,
): Promise<Response> {
  const authorized = await authorize(c.req.raw, { source: c.req.query('source') }, 'operator')
  if (!authorized.ok) return refuse(c, authorized)
  if (bucket === undefined) return refuse(c, refuseForNow('this Worker has no bucket for lookup tables'))
  const read = await readBody(c.req.raw, MAX_TABLE_BYTES)
  if (!read.ok) return refuse(c, read)
  const { name: source, settings } = authorized.source
  const joins = settings?.lookups ?? []
  const name = c.req.param('name') ?? ''
  const put = await putLookup({ bucket, source, joins, name, text: read.text, log })
  return put.ok ? answerJson(c, put.answer) : refuse(c, put)
}

/** Checks and stores a table; answers only after R2 has it. Never throws. */
export async function putLookup({
  bucket,
  source,
  joins,
  name,
  text,
  log,
}: PutLookupOptions): Promise<LookupPut> {
  if (!NAME_PATTERN.test(name)) {
    return refuseTable(`the name of a lookup table must be 1 to 64 of a-z, 0-9, "-", "_"`)
  }
  const result = parseLookup(text)
  if (!result.ok) return refuseTable(result.message)
  try {
    const { version } = await storeLookup(bucket, source, name, result.table)
    const warning = joins === undefined ? undefined : describeUnused(source, joins, name)
    const answer: LookupPutAnswer = { success: true, name, rows: result.table.rows.size, version }
    return { ok: true, answer: warning === undefined ? answer : { ...answer, warning } }
  } catch (error) {
    log({ level: 'error', event: 'lookup_not_stored', source, table: name, error: String(error) })
    return refuseForNow('the lookup table could not be stored, the old one is still in use; send it again')
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

function refuseTable(message: string): RequestRefusal {
  return refusal(400, 'invalid_lookup', message)
}
