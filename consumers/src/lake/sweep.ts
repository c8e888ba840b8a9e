/**
 * Holds the manifest to what is there: files whose retention ended are taken out of it, files that it lost are put into it,
 * and what somebody else has put among them is named.
 */

import {
  EVENTS_PREFIX,
  manifestKey,
  openLakeFile,
  parseFileKey,
  sourcePrefix,
  updateManifest,
} from '@millrace/schemas/lake'
import { type LakeBucket, listAll, listSourceFolders, type StoredObject } from './bucket.ts'
import { readManifest, writeManifest } from './manifest-store.ts'
import type { PublishEffects } from './publish-round.ts'
import { changeFile, readRange } from './published-file.ts'

/** Most names of foreign objects in one line of the log. */
const MAX_NAMES = 5

/** Sources that have anything published. */
export async function listSources(bucket: Pick<LakeBucket, 'list'>): Promise<string[]> {
  return (await listSourceFolders(bucket, EVENTS_PREFIX)).sources
}

/** The file itself says it; what stands beside it in the bucket may not survive a copy of it. */
export async function readBuckets(
  bucket: Pick<LakeBucket, 'get'>,
  { key, size, etag }: Pick<StoredObject, 'key' | 'size' | 'etag'>,
): Promise<number> {
  const file = await openLakeFile({ byteLength: size, read: readRange(bucket, key, etag) })
  return Number(file.metadata['millrace.buckets'] ?? 1)
}

/** Does so for one source. */
export async function sweepSource(
  { bucket, now, log }: Pick<PublishEffects, 'bucket' | 'now' | 'log'>,
  source: string,
): Promise<void> {
  const stored = await readManifest(bucket, source)
  const known = new Map(stored.manifest.files.map((file) => [file.path, file]))
  const gone = new Set(known.keys())
  const found = []
  const foreign: string[] = []
  const options = { prefix: sourcePrefix(source) }
  for await (const { key, size, etag } of listAll(bucket, options)) {
    gone.delete(key)
    const file = parseFileKey(key)
    if (file === undefined) {
      if (key !== manifestKey(source)) foreign.push(key)
      continue
    }
    if (known.get(key)?.bytes === size) continue
    try {
      const changed = await changeFile(bucket, {
        file,
        buckets: await readBuckets(bucket, { key, size, etag }),
      })
      if (changed.kind !== 'removed') found.push(changed.entry)
    } catch (error) {
      foreign.push(key)
      log({ level: 'error', event: 'lake_file_unreadable', key, error: String(error).slice(0, 300) })
    }
  }
  if (foreign.length > 0) {
    const keys = foreign.slice(0, MAX_NAMES)
    log({
      level: 'warn',
      event: 'lake_foreign',
      source,
      count: foreign.length,
      keys,
      why: 'not in the manifest',
    })
  }
  if (gone.size + found.length === 0) return
  const change = { files: found, removed: [...gone] }
  await writeManifest(bucket, stored, (manifest) => updateManifest(manifest, change, now()))
  log({ level: 'info', event: 'manifest_swept', source, added: found.length, removed: gone.size })
}
