/** Says which time the numbers of a panel are of. Pure. */

import type { LiveWindow } from '@millrace/schemas/live'
import { formatMinute } from '../format.ts'
import type { Basis } from '../panel.ts'
import { describeRange, type Range } from '../range.ts'
import { leastSure } from '../windows.ts'

/** Of windows that follow each other: since the first of them. */
export function sinceFirst(windows: readonly LiveWindow[]): Basis {
  const first = Math.min(...windows.map(({ start }) => start))
  return { state: leastSure(windows), text: `since ${formatMinute(first)}` }
}

/** Of stored events. */
export function storedBasis(range: Range): Basis {
  return { state: 'stored', text: describeRange(range) }
}
