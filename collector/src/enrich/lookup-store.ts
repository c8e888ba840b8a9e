/** Lookup tables in R2: where a table lies, how it is written, and how it is read only when it changed. */

import { encodeLookup, type LookupTable, parseLookup } from './lookup-table.ts'

/** What is needed of an R2 bucket. */
export interface LookupBucket {
  /** `null` when there is no such object; an object without `text` when the condition does not hold. */
  get: (
    key: string,
    options?: { onlyIf: { etagDoesNotMatch: string } },
  ) => Promise<{ etag: string; text?: () => Promise<string> } | null>
  put: (
    key: string,
    value: string,
    options: { httpMetadata: { contentType: string } },
  ) => Promise<{ etag: string } | null>
}

/** A table and its version: the object's etag, so a load of the same content has the same. */
export interface StoredLookup {
  table: LookupTable
  version: string
}

/** Outcome of {@link readLookup}. */
export type LookupRead = { kind: 'found'; stored: StoredLookup } | { kind: 'unchanged' | 'missing' }

/** Key of a table's object: `lookups/<source>/<name>.json`. */
export function lookupKey(source: string, name: string): string {
  return `lookups/${source}/${name}.json`
}

/**
 * Replaces a table; a reader sees the old one or the new one, whole.
 *
 * @returns the new version
 * @throws what R2 throws; the old table then stays
 */
export async function storeLookup(
  bucket: Pick<LookupBucket, 'put'>,
  source: string,
  name: string,
  table: LookupTable,
): Promise<{ version: string }> {
  const written = await bucket.put(lookupKey(source, name), encodeLookup(table), {
    httpMetadata: { contentType: 'application/json' },
  })
  if (written === null) throw new Error('the bucket did not take the lookup table')
  return { version: written.etag }
}

/**
 * Reads a table unless it still is of the known version.
 *
 * @throws what R2 throws, or Error when the object is no lookup table
 */
export async function readLookup(
  bucket: Pick<LookupBucket, 'get'>,
  key: string,
  knownVersion: string | undefined,
): Promise<LookupRead> {
  const object =
    knownVersion === undefined
      ? await bucket.get(key)
      : await bucket.get(key, { onlyIf: { etagDoesNotMatch: knownVersion } })
  if (object === null) return { kind: 'missing' }
  if (object.text === undefined) return { kind: 'unchanged' }
  const result = parseLookup(await object.text())
  if (!result.ok) throw new Error(result.message)
  return { kind: 'found', stored: { table: result.table, version: object.etag } }
}
