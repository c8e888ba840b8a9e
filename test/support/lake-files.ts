/** Puts published files into the lake of a running stack, as the consumers would. */

import { createHash } from 'node:crypto'
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
  type LakeFileKey,
  type LakeValue,
  type ManifestFile,
  manifestKey,
  updateManifest,
} from '@millrace/schemas/lake'
import type { RunningWorker } from '../../local/src/worker.ts'

/** A row by the names of its columns; what it leaves out is the column's default. */
export type LakeRow = Readonly<Record<string, LakeValue>> & { message_id: string; timestamp: number }

/** Writes a file, and gives what the manifest is to say of it. */
export async function putLakeFile(
  worker: RunningWorker,
  file: LakeFileKey,
  rows: readonly LakeRow[],
  buckets = 1,
): Promise<ManifestFile> {
  const sorted = rows.toSorted((a, b) => (a.message_id < b.message_id ? -1 : 1))
  const content = encodeLakeFile(batchOfRows(sorted))
  const path = fileKey(file)
  await worker.putObject(path, content)
  const millis = rows.map(({ timestamp }) => timestamp / 1_000)
  const sum = createIdSum()
  for (const { message_id } of rows) addId(sum, message_id)
  return {
    path,
    rows: rows.length,
    bytes: content.byteLength,
    minTime: new Date(Math.floor(Math.min(...millis))).toISOString(),
    maxTime: new Date(Math.ceil(Math.max(...millis))).toISOString(),
    sha256: createHash('sha256').update(content).digest('hex'),
    idSum: formatIdSum(sum),
    buckets,
    withoutClock: 0,
    schemaVersion: LAKE_SCHEMA_VERSION,
  }
}

/** Writes the manifest of a source. */
export async function putLakeManifest(
  worker: RunningWorker,
  source: string,
  files: readonly ManifestFile[],
): Promise<void> {
  const manifest = updateManifest(createManifest(source), { files }, Date.UTC(2026, 10, 22))
  await worker.putObject(manifestKey(source), encodeManifest(manifest))
}
