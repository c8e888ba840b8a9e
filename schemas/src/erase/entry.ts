/** Erasing persons from ClickHouse: what the operator's command and the recomputation share. */

export { FORGOTTEN_KINDS, type ForgottenKind, forgottenHash, forgottenHashSql } from '../forgotten.ts'
export { type ErasedEvent, selectErased, withCorrections } from './events.ts'
export {
  countRows,
  ERASED_TABLES,
  type Erasure,
  eraseRows,
  NAMED_IDS,
  type RowCounts,
} from './rows.ts'
export { type EraseStatements, type Places, readPlaces } from './statements.ts'
export { type ErasureWork, planWork, type WorkRow, writeWork } from './work.ts'
