/** What a download is called in HTTP. */

import type { LakeFileFormat } from '@millrace/schemas/lake'

/** Media types of the formats. */
export const MEDIA_TYPES: Readonly<Record<LakeFileFormat, string>> = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8; header=present',
  parquet: 'application/vnd.apache.parquet',
}
