/** The list of a source's published files: what `_manifest.json` holds, and how it changes. Pure. */

import { parseFileKey } from './object-key.ts'

/** One published file. */
export interface ManifestFile {
  /** Key in the bucket. */
  path: string
  rows: number
  bytes: number
  /** First and last `timestamp` in it, ISO 8601 with milliseconds. */
  minTime: string
  maxTime: string
  /** SHA-256 of the file, hex. */
  sha256: string
  /** Sum of the hashes of its message ids, as `formatIdSum` gives it. */
  idSum: string
  /** Buckets that the hour is spread over; the same for all its files. */
  buckets: number
  /** Rows whose client did not say when: their hour is that of receipt. */
  withoutClock: number
  /** Version of its columns. */
  schemaVersion: number
}

/** `events/source=…/_manifest.json`. */
export interface Manifest {
  version: 1
  source: string
  /** ISO 8601. */
  updatedAt: string
  /** By path. */
  files: ManifestFile[]
}

/** Outcome of {@link parseManifest}. */
export type ManifestResult = { ok: true; manifest: Manifest } | { ok: false; message: string }

/** A manifest without files. */
export function createManifest(source: string): Manifest {
  return { version: 1, source, updatedAt: new Date(0).toISOString(), files: [] }
}

/** Reads a manifest; what is wrong with it is told in words. */
export function parseManifest(text: string, source: string): ManifestResult {
  const value = parseJson(text)
  if (value === undefined) return { ok: false, message: 'it is no JSON' }
  const { version, files, source: named } = value as Partial<Manifest>
  if (version !== 1)
    return { ok: false, message: `its version is ${JSON.stringify(version)}, this Millrace reads 1` }
  if (named !== source || !Array.isArray(files) || !files.every(isFile))
    return { ok: false, message: `it is not the list of the files of ${source}` }
  return { ok: true, manifest: value as unknown as Manifest }
}

/** JSON text of a manifest, one file a line, so that two versions can be compared. */
export function encodeManifest({ files, ...head }: Manifest): string {
  const lines = files.map((file) => `\n  ${JSON.stringify(file)}`).join(',')
  return `${JSON.stringify(head).slice(0, -1)},"files":[${lines}\n]}\n`
}

/**
 * The manifest with files put in the place of those of the same path, and without those that are gone.
 *
 * @param updatedAt milliseconds since 1970
 */
export function updateManifest(
  manifest: Manifest,
  { files, removed = [] }: { files: readonly ManifestFile[]; removed?: readonly string[] },
  updatedAt: number,
): Manifest {
  const byPath = new Map(manifest.files.map((file) => [file.path, file]))
  for (const path of removed) byPath.delete(path)
  for (const file of files) byPath.set(file.path, file)
  const sorted = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  return { ...manifest, updatedAt: new Date(updatedAt).toISOString(), files: sorted }
}

/** Times in milliseconds since 1970; the end exclusive. */
export interface TimeRange {
  from: number
  to: number
}

/** Files that may hold events of a range of `timestamp`, in order. */
export function selectFiles({ files }: Manifest, { from, to }: TimeRange): ManifestFile[] {
  return files.filter(({ minTime, maxTime }) => Date.parse(maxTime) >= from && Date.parse(minTime) < to)
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    // The caller says that it is none.
    return undefined
  }
}

function isFile(value: unknown): boolean {
  const { path, rows, buckets, minTime, maxTime, idSum } = (value ?? {}) as Partial<ManifestFile>
  const isText = [path, minTime, maxTime, idSum].every((field) => typeof field === 'string')
  return (
    isText && Number.isInteger(rows) && Number.isInteger(buckets) && parseFileKey(path ?? '') !== undefined
  )
}
