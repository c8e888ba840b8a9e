/** A lake for tests, in the bucket of the Worker runtime. */

import { env } from 'cloudflare:workers'
import {
  addId,
  batchOfRows,
  createIdSum,
  createManifest,
  encodeLakeFile,
  encodeManifest,
  fileKey,
  formatIdSum,
  LAKE_SCHEMA_VERSION,
  type LakeValue,
  type ManifestFile,
  manifestKey,
  updateManifest,
} from '@millrace/schemas/lake'

/** A row by the names of its columns. */
export type LakeRow = Readonly<Record<string, LakeValue>>

/** An hour that all files are of. */
export const HOUR = Date.UTC(2026, 10, 21, 11)

/** Key of a file of the hour. */
export function keyOf(source: string, bucket = 0): string {
  return fileKey({ source, hour: HOUR, bucket })
}

/** A row whose `timestamp` is so many seconds into the hour. */
export function rowAt(messageId: string, seconds: number, more: LakeRow = {}): LakeRow {
  const time = (HOUR + seconds * 1_000) * 1_000
  return { message_id: messageId, timestamp: time, original_timestamp: time, received_at: time, ...more }
}

/** Puts a file into its place, and gives what the manifest is to say of it. */
export async function putFile(key: string, rows: readonly LakeRow[]): Promise<ManifestFile> {
  const content = encodeLakeFile(batchOfRows(rows))
  await env.LAKE.put(key, content)
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', content))
  const times = rows.map(({ timestamp }) => Number(timestamp) / 1_000)
  const sum = createIdSum()
  for (const { message_id } of rows) addId(sum, String(message_id))
  return {
    path: key,
    rows: rows.length,
    bytes: content.byteLength,
    minTime: new Date(Math.floor(Math.min(...times))).toISOString(),
    maxTime: new Date(Math.ceil(Math.max(...times))).toISOString(),
    sha256: Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    idSum: formatIdSum(sum),
    buckets: 1,
    withoutClock: 0,
    schemaVersion: LAKE_SCHEMA_VERSION,
  }
}

/** Puts the manifest of a source. */
export async function putManifest(source: string, files: readonly ManifestFile[]): Promise<void> {
  const manifest = updateManifest(createManifest(source), { files }, HOUR)
  await env.LAKE.put(manifestKey(source), encodeManifest(manifest))
}
