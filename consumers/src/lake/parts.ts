/** What waits to be published: how a part is put there, which there are, and where those go that cannot be read. */

import {
  encodeLakeFile,
  type LakeBatch,
  PARTS_PREFIX,
  parsePartKey,
  partKey,
  UNREADABLE_PREFIX,
} from '@millrace/schemas/lake'
import {
  type LakeBucket,
  listAll,
  listSourceFolders,
  type StoredContent,
  type StoredObject,
} from './bucket.ts'
import { sortById } from './merge.ts'

/** A part, not read yet. */
export interface Part {
  key: string
  bytes: number
  /** When it was put there, in milliseconds since 1970. */
  storedAt: number
  /** Rows that it says to have. */
  rows: number
}

/** Sources that have parts, and names under `parts/` that are none of ours; ours begin with `_`. */
export async function listPartSources(
  bucket: Pick<LakeBucket, 'list'>,
): Promise<{ sources: string[]; foreign: string[] }> {
  const { sources, others } = await listSourceFolders(bucket, PARTS_PREFIX)
  return { sources, foreign: others.filter((key) => !key.startsWith(`${PARTS_PREFIX}_`)) }
}

/** Parts of a source, the oldest first, at most `limit`; and objects among them that are none. */
export async function listParts(
  bucket: Pick<LakeBucket, 'list'>,
  source: string,
  limit: number,
): Promise<{ parts: Part[]; foreign: string[] }> {
  const parts: Part[] = []
  const foreign: string[] = []
  const options = { prefix: `${PARTS_PREFIX}source=${source}/`, include: ['customMetadata' as const] }
  for await (const object of listAll(bucket, options)) {
    if (parsePartKey(object.key) === undefined) foreign.push(object.key)
    else parts.push(describePart(object))
    if (parts.length === limit) break
  }
  return { parts, foreign }
}

/** Rows of a small event; a part that does not say how many it has is taken for one of these. */
const LEAST_BYTES_A_ROW = 10

function describePart({ key, size, uploaded, customMetadata }: StoredObject): Part {
  const rows = Number(customMetadata?.['rows'] ?? size / LEAST_BYTES_A_ROW)
  return { key, bytes: size, storedAt: uploaded.getTime(), rows }
}

/** Hex digits of the content's SHA-256 in the key of a part. */
const HASH_DIGITS = 32

/**
 * Writes a part under a key that is made of its content. How many rows it has is told beside it, so that nobody opens it to
 * know.
 *
 * @param receivedAt of the first of its events, in milliseconds since 1970
 * @returns the key
 */
export async function putPart(
  bucket: Pick<LakeBucket, 'put'>,
  source: string,
  receivedAt: number,
  batch: LakeBatch,
): Promise<string> {
  const content = encodeLakeFile(sortById(batch))
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', content))
  const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const key = partKey(source, Math.floor(receivedAt), sha256.slice(0, HASH_DIGITS))
  await bucket.put(key, content, { sha256, customMetadata: { rows: String(batch.count) } })
  return key
}

/** Puts a part aside that cannot be read, as it is: `dead/parts/…`. May be cut off and repeated. */
export async function putAside(
  bucket: Pick<LakeBucket, 'get' | 'put' | 'delete'>,
  { key }: Part,
  source: string,
  message: string,
): Promise<void> {
  const object = (await bucket.get(key)) as StoredContent | null
  if (object === null) return
  const content = new Uint8Array(await object.arrayBuffer())
  const customMetadata = {
    ...object.customMetadata,
    source,
    error: message.replace(/[^\x20-\x7e]/g, '?').slice(0, 1_000),
  }
  await bucket.put(UNREADABLE_PREFIX + key.slice(PARTS_PREFIX.length), content, { customMetadata })
  await bucket.delete(key)
}
