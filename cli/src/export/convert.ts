/** A file of the lake as an export wants it: other format, other rows. Holds one row group at a time. */

import {
  bytesOf,
  chooseRows,
  createRowFacts,
  encodeRows,
  gather,
  LAKE_SCHEMA_VERSION,
  type LakeBatch,
  type LakeCondition,
  openLakeFile,
  placeOf,
  type RowFacts,
} from '@millrace/schemas/lake'
import type { Cut, Selection } from './selection.ts'

/** A conversion under way. */
export interface Conversion {
  /** The bytes in order; to be read to the end. */
  pieces: AsyncGenerator<Uint8Array>
  /** Known at the end. */
  facts: () => RowFacts
  /** Whether all rows were kept; known at the end. */
  isWhole: () => boolean
  schemaVersion: number
}

/**
 * Begins one.
 *
 * `pieces` throws UnreadableLakeFile when the content is no file of the lake that this Millrace reads.
 */
export function convertFile(
  content: ArrayBuffer,
  selection: Pick<Selection, 'source' | 'format' | 'conditions'>,
  cut: Cut,
): Conversion {
  const facts = createRowFacts()
  let isWhole = true
  const conditions = [...(cut === null ? [] : [createTimeTest(cut)]), ...selection.conditions]
  async function* chosen(): AsyncGenerator<LakeBatch> {
    const file = await openLakeFile(bytesOf(content))
    for await (const whole of file.batches()) {
      const rows = conditions.length === 0 ? undefined : chooseRows(whole, conditions)
      const batch = rows === undefined || rows.length === whole.count ? whole : gather(whole, rows)
      if (batch.count < whole.count) isWhole = false
      facts.add(batch)
      if (batch.count > 0) yield batch
    }
  }
  const { format, source } = selection
  return {
    pieces: encodeRows(chosen(), format, source),
    facts: facts.get,
    isWhole: () => isWhole,
    schemaVersion: LAKE_SCHEMA_VERSION,
  }
}

const TIMESTAMP = placeOf('timestamp')

function createTimeTest([from, to]: readonly [number, number]): LakeCondition {
  const [first, end] = [from * 1_000, to * 1_000]
  return ({ columns }, row) => {
    const time = columns[TIMESTAMP]?.[row] as number
    return time >= first && time < end
  }
}
