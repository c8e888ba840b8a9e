/** Keeps the manifests in the bucket: read whole, and replaced only by who has read the last one. */

import {
  createManifest,
  encodeManifest,
  type Manifest,
  manifestKey,
  parseManifest,
} from '@millrace/schemas/lake'
import type { LakeBucket, StoredContent } from './bucket.ts'

/** A manifest and what it takes to replace it. */
export interface StoredManifest {
  manifest: Manifest
  /** Absent where there is none yet. */
  etag: string | undefined
}

/** How often an update is tried that others beat. */
const MAX_TRIES = 5

/**
 * The manifest of a source; one without files where there is none.
 *
 * @throws Error when what is there is no manifest that this Worker reads: it is not replaced
 */
export async function readManifest(bucket: Pick<LakeBucket, 'get'>, source: string): Promise<StoredManifest> {
  const key = manifestKey(source)
  const object = (await bucket.get(key)) as StoredContent | null
  if (object === null) return { manifest: createManifest(source), etag: undefined }
  const parsed = parseManifest(await object.text(), source)
  if (!parsed.ok) throw new Error(`${key} is no manifest that can be read: ${parsed.message}`)
  return { manifest: parsed.manifest, etag: object.etag }
}

/**
 * Replaces the manifest by what `update` makes of it. Others may do so at the same time: then it is read again.
 *
 * @returns the manifest as it is now
 */
export async function writeManifest(
  bucket: Pick<LakeBucket, 'get' | 'put'>,
  stored: StoredManifest,
  update: (manifest: Manifest) => Manifest,
): Promise<StoredManifest> {
  let before = stored
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const manifest = update(before.manifest)
    const { source } = manifest
    const onlyIf = before.etag === undefined ? { etagDoesNotMatch: '*' } : { etagMatches: before.etag }
    const written = await bucket.put(manifestKey(source), encodeManifest(manifest), { onlyIf })
    if (written !== null) return { manifest, etag: written.etag }
    before = await readManifest(bucket, source)
  }
  throw new Error(`the manifest of ${stored.manifest.source} was changed ${MAX_TRIES} times meanwhile`)
}
