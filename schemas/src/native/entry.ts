/** Rows as ClickHouse reads them. Entry of `@millrace/schemas/native`. */

export { describeNative, encodeNative, type Row } from './native.ts'
export { toStorableJson } from './storable-json.ts'
