/** Rows as ClickHouse reads them. Entry of `@millrace/schemas/native`. */

export { describeError, isDataError, isPressure, RefusedError, requireSuccess } from './errors.ts'
export { type InsertTarget, insertUrl } from './insert.ts'
export { describeNative, encodeNative, type Row } from './native.ts'
export { JSON_SETTINGS } from './settings.ts'
export { toStorableJson } from './storable-json.ts'
