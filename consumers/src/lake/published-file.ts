/** One published file: read, merged, and put in its place again. Knows nothing of parts or of the manifest. */

import {
  createLakeWriter,
  createRowFacts,
  fileKey,
  LAKE_SCHEMA_VERSION,
  type LakeBatch,
  type LakeBytes,
  type LakeFileKey,
  type ManifestFile,
  openLakeFile,
} from '@millrace/schemas/lake'
import { hasContent, type LakeBucket, type StoredObject } from './bucket.ts'
import { type MergeOptions, mergeRows } from './merge.ts'
import { createUpload } from './upload.ts'

/** The object was replaced while it was read: to be read anew. */
export class ChangedMeanwhile extends Error {
  override readonly name = 'ChangedMeanwhile'
}

/** The run's time is over: another one may work by now. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

/** How often a file is tried that others change meanwhile. */
const MAX_TRIES = 5

/** What is to be done with a file. */
export interface FileChange extends Omit<MergeOptions, 'existing'> {
  file: LakeFileKey
  /** Buckets that its hour is spread over. */
  buckets: number
  /** Whether the run may still write. Default: it may. */
  isHeld?: (() => boolean) | undefined
}

/** Outcome of {@link changeFile}: the file as it is now, or that it is gone, having no rows left. */
export type ChangedFile =
  | { kind: 'written'; entry: ManifestFile }
  | { kind: 'unchanged'; entry: ManifestFile }
  | { kind: 'removed'; path: string }

/**
 * Adds rows to a file or takes some out, and puts it in its place at once: whoever reads it has it as it was or as it is
 * now. Writes nothing where nothing is new.
 *
 * @throws UnreadableLakeFile when the file that is there cannot be read: it is left as it is. LeaseLost when the run may not
 *   write any more
 */
export async function changeFile(bucket: LakeBucket, change: FileChange): Promise<ChangedFile> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryChange(bucket, change)
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile) || tries === MAX_TRIES) throw error
    }
  }
}

async function tryChange(
  bucket: LakeBucket,
  { file, buckets, isHeld = () => true, ...merge }: FileChange,
): Promise<ChangedFile> {
  const key = fileKey(file)
  const before = await bucket.head(key)
  const existing = before === null ? noBatches() : readBatches(bucket, before)
  const upload = createUpload({ bucket, key, replaces: before?.etag })
  const writer = createLakeWriter({
    onBytes: upload.push,
    metadata: { 'millrace.source': file.source, 'millrace.buckets': String(buckets) },
  })
  const facts = createRowFacts()
  try {
    const { batches, isChanged } = mergeRows({ ...merge, existing })
    for await (const batch of batches) {
      facts.add(batch)
      writer.write(batch)
      await upload.drain()
    }
    const { bytes, sha256 } = writer.finish()
    const entry = { path: key, bytes, sha256, buckets, ...facts.get(), schemaVersion: LAKE_SCHEMA_VERSION }
    if (entry.rows === 0) {
      await upload.abort()
      if (!isHeld()) throw new LeaseLost(`the time was up before ${key} was removed`)
      if (before !== null) await bucket.delete(key)
      return { kind: 'removed', path: key }
    }
    if (!isChanged() && before !== null) {
      await upload.abort()
      return { kind: 'unchanged', entry: await describe(bucket, before, entry) }
    }
    if (!isHeld()) throw new LeaseLost(`the time was up before ${key} was written`)
    if (!(await upload.finish(sha256))) throw new ChangedMeanwhile(`${key} was changed meanwhile`)
    return { kind: 'written', entry }
  } catch (error) {
    await upload.abort()
    throw error
  }
}

/** The entry of a file that stays as it is. What was encoded just now may differ in bytes: another release may have written it. */
async function describe(
  bucket: LakeBucket,
  { key, etag, size }: StoredObject,
  entry: ManifestFile,
): Promise<ManifestFile> {
  const content = await readRange(bucket, key, etag)(0, size)
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', content))
  const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return { ...entry, bytes: size, sha256 }
}

/** The batches of an object as it was when it was looked at. */
export async function* readBatches(
  bucket: Pick<LakeBucket, 'get'>,
  { key, etag, size }: Pick<StoredObject, 'key' | 'etag' | 'size'>,
): AsyncGenerator<LakeBatch> {
  const bytes: LakeBytes = { byteLength: size, read: readRange(bucket, key, etag) }
  yield* (await openLakeFile(bytes)).batches()
}

/**
 * Reads ranges of one version of an object.
 *
 * The function throws ChangedMeanwhile when there is another version, or none.
 */
export function readRange(bucket: Pick<LakeBucket, 'get'>, key: string, etag: string): LakeBytes['read'] {
  return async (start, end) => {
    const range = { offset: start, length: end - start }
    const object = await bucket.get(key, { range, onlyIf: { etagMatches: etag } })
    if (object === null || !hasContent(object)) throw new ChangedMeanwhile(`${key} was changed meanwhile`)
    return object.arrayBuffer()
  }
}

async function* noBatches(): AsyncGenerator<LakeBatch> {}
