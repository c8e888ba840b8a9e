/** Writes a lake into a folder, as `millrace export` leaves one: the published files and the manifest. */

import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Envelope } from '@millrace/schemas'
import {
  addId,
  createIdSum,
  createManifest,
  encodeLakeFile,
  encodeManifest,
  fileKey,
  formatIdSum,
  gather,
  LAKE_SCHEMA_VERSION,
  type LakeBatch,
  lakeHour,
  type ManifestFile,
  manifestKey,
  placeOf,
  updateManifest,
} from '@millrace/schemas/lake'
import { buildBatch } from '../../consumers/src/lake/batch.ts'

const MICROS_PER_MS = 1_000

/** Writes the events of envelopes of one source, each once: of several copies the one that was received first. */
export async function writeFolderLake(
  folder: string,
  source: string,
  envelopes: readonly Envelope[],
): Promise<void> {
  const batch = buildBatch(envelopes.filter((envelope) => envelope.source === source))
  const files: ManifestFile[] = []
  for (const [hour, rows] of byHour(batch)) {
    const key = fileKey({ source, hour, bucket: 0 })
    const part = gather(batch, rows)
    const content = encodeLakeFile(part)
    await put(folder, key, content)
    files.push(describe(key, part, content))
  }
  const manifest = updateManifest(createManifest(source), { files }, Date.UTC(2026, 10, 22))
  await put(folder, manifestKey(source), encodeManifest(manifest))
}

/** Rows of each hour, in order of their ids. */
function byHour(batch: LakeBatch): Map<number, number[]> {
  const value = (name: string, row: number) => batch.columns[placeOf(name)]?.[row]
  const first = new Map<string, number>()
  for (let row = 0; row < batch.count; row++) {
    const id = String(value('message_id', row))
    const known = first.get(id)
    if (known !== undefined && Number(value('received_at', known)) <= Number(value('received_at', row)))
      continue
    first.set(id, row)
  }
  const rows = [...first].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  return Map.groupBy(rows, (row) =>
    lakeHour(Number(value('original_timestamp', row)), Number(value('received_at', row))),
  )
}

function describe(path: string, { count, columns }: LakeBatch, content: Uint8Array): ManifestFile {
  const times = (columns[placeOf('timestamp')] ?? []).map(Number)
  const sum = createIdSum()
  for (const id of columns[placeOf('message_id')] ?? []) addId(sum, String(id))
  return {
    path,
    rows: count,
    bytes: content.byteLength,
    minTime: new Date(Math.min(...times) / MICROS_PER_MS).toISOString(),
    maxTime: new Date(Math.max(...times) / MICROS_PER_MS).toISOString(),
    sha256: createHash('sha256').update(content).digest('hex'),
    idSum: formatIdSum(sum),
    buckets: 1,
    withoutClock: 0,
    schemaVersion: LAKE_SCHEMA_VERSION,
  }
}

async function put(folder: string, key: string, content: Uint8Array | string): Promise<void> {
  const path = join(folder, key)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}
