/** What is computed from events, as SQL. Entry of `@millrace/schemas/recompute`. */

export { toDateTime } from './date-time.ts'
export { chunkIds } from './id-chunks.ts'
export type { SourceMeasures } from './measures.ts'
export { readRecomputeOptions } from './options.ts'
export {
  MAX_EVENTS,
  OVERLAP_SECONDS,
  type RecomputeEffects,
  type RecomputeReport,
  recompute,
  recomputeAll,
} from './recompute.ts'
export { type ReloadOptions, reloadDictionaries } from './reload-dictionaries.ts'
export type { RecomputeOptions } from './rollups.ts'
export type { Parameters, Statements } from './statements.ts'
export { sweepForgotten } from './sweep-forgotten.ts'
export type { Run } from './work.ts'
