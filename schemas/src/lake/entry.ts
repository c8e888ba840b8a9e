/** The lake: its columns, where its files lie, and how they are read and written. Entry of `@millrace/schemas/lake`. */

export { MAX_FILTERS } from '../filter-ops.ts'
export {
  batchOfRows,
  concatBatches,
  defaultOf,
  emptyBatch,
  gather,
  LAKE_COLUMNS,
  LAKE_SCHEMA_VERSION,
  type LakeBatch,
  type LakeColumn,
  type LakeKind,
  type LakeValue,
  placeOf,
  rowOf,
  weightOf,
} from './columns.ts'
export { encodeRows, type LakeFileFormat } from './encode-rows.ts'
export {
  chooseRows,
  type LakeCondition,
  type LakeFilterResult,
  parseLakeFilter,
} from './filter.ts'
export { LAKE_FIELD_NAMES } from './filter-field.ts'
export { addId, addIdSums, bucketOf, createIdSum, formatIdSum, ID_SUM_SQL, type IdSum } from './id-hash.ts'
export { joinBytes } from './join-bytes.ts'
export {
  createManifest,
  encodeManifest,
  type Manifest,
  type ManifestFile,
  type ManifestResult,
  parseManifest,
  selectFiles,
  type TimeRange,
  updateManifest,
} from './manifest.ts'
export * from './object-key.ts'
export { isOpenEnded, type LakeRangeResult, parseLakeRange } from './range.ts'
export { bytesOf, type LakeBytes, type LakeFile, openLakeFile, UnreadableLakeFile } from './read-file.ts'
export { createRowFacts, type RowFacts } from './row-facts.ts'
export {
  createLakeText,
  formatMicros,
  LAKE_TEXT_FORMATS,
  type LakeText,
  type LakeTextFormat,
} from './text.ts'
export {
  createLakeWriter,
  encodeLakeFile,
  type LakeWriter,
  type LakeWriterOptions,
  ROW_GROUP_ROWS,
  ROW_GROUP_WEIGHT,
} from './write-file.ts'
