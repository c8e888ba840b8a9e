/** Reads the file in which wrangler notes what it did: lines of JSON. Source: wrangler 4.155, WRANGLER_OUTPUT_FILE_PATH. */

/** Variable that names the file. */
export const OUTPUT_FILE_VAR = 'WRANGLER_OUTPUT_FILE_PATH'

/** What is used of the line about a deployment. */
export interface DeployRecord {
  /** Addresses, crons and queues as wrangler prints them; none after a dry run. */
  targets: readonly string[]
  /** Id by which it is rolled back to. */
  versionId: string | undefined
  size: { rawBytes: number; gzipBytes: number } | undefined
}

/** The last one, or `undefined`. */
export function readDeployRecord(text: string): DeployRecord | undefined {
  const record = text
    .split('\n')
    .flatMap(parseLine)
    .findLast(({ type }) => type === 'deploy')
  if (record === undefined) return undefined
  const { targets, version_id: versionId, bundle_size: size } = record
  return {
    targets: Array.isArray(targets) ? targets.map(String) : [],
    versionId: typeof versionId === 'string' ? versionId : undefined,
    size: isSize(size) ? { rawBytes: size.raw_bytes, gzipBytes: size.gzip_bytes } : undefined,
  }
}

function parseLine(line: string): Record<string, unknown>[] {
  try {
    return line.trim() === '' ? [] : [JSON.parse(line) as Record<string, unknown>]
  } catch {
    return [] // half a line of a wrangler that was ended
  }
}

function isSize(value: unknown): value is { raw_bytes: number; gzip_bytes: number } {
  const { raw_bytes: raw, gzip_bytes: gzip } = (value ?? {}) as Record<string, unknown>
  return typeof raw === 'number' && typeof gzip === 'number'
}
