/** What is published in the lake of a source, by its manifest and its files. */

import { bytesOf, manifestKey, openLakeFile, parseManifest } from '@millrace/schemas/lake'
import type { FullWorld } from '../world/create-world.ts'

/** Events of the published files. */
export interface PublishedLake {
  /** How often each id is there. */
  counts: Map<string, number>
  problems: string[]
}

/** Reads every file that the manifest names; a file of the folder that it does not name is a problem too. */
export async function readLake({ bucket }: FullWorld, source: string): Promise<PublishedLake> {
  const counts = new Map<string, number>()
  const problems: string[] = []
  const prefix = `events/source=${source}/`
  const keys = [...bucket.objects.keys()].filter((key) => key.startsWith(prefix) && key.endsWith('.parquet'))
  const stored = bucket.objects.get(manifestKey(source))
  if (stored === undefined)
    return { counts, problems: keys.length === 0 ? [] : [`${source} has files and no manifest`] }
  const parsed = parseManifest(new TextDecoder().decode(stored.bytes), source)
  if (!parsed.ok) return { counts, problems: [parsed.message] }
  const named = new Set(parsed.manifest.files.map(({ path }) => path))
  for (const key of keys) if (!named.has(key)) problems.push(`the manifest does not name ${key}`)
  for (const { path, rows } of parsed.manifest.files) {
    const object = bucket.objects.get(path)
    if (object === undefined) {
      problems.push(`the manifest names ${path}, which is not there`)
      continue
    }
    let count = 0
    const file = await openLakeFile(bytesOf(object.bytes.slice().buffer))
    for await (const ids of file.column('message_id')) {
      for (const id of ids) counts.set(String(id), (counts.get(String(id)) ?? 0) + 1)
      count += ids.length
    }
    if (count !== rows) problems.push(`${path} has ${count} rows, the manifest says ${rows}`)
  }
  return { counts, problems }
}
