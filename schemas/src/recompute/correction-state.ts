/** What corrections make of an event. Pure: the same corrections in any order give the same. */

/** One correction, from the table `corrections`. */
export interface Correction {
  /** Id of the event that it is about; that may be a correction. */
  targetId: string
  messageId: string
  kind: 'correct' | 'retract'
  /** JSON text of the fields that are replaced; `{}` of a retraction. */
  changes: string
  /** When it was made; sorts as text. */
  timestamp: string
}

/** How an event is to be read. */
export type CorrectionState =
  /** As it came. */
  | { kind: 'restored' }
  /** Not at all. */
  | { kind: 'retracted' }
  /** With these fields replaced. */
  | { kind: 'corrected'; changes: Record<string, unknown> }

/**
 * The state of one event. Of its corrections those count that are not themselves retracted, in the order in which they were
 * made: later fields replace earlier ones, and a retraction is final until it is retracted.
 */
export function stateOf(targetId: string, corrections: readonly Correction[]): CorrectionState {
  const counting = corrections
    .filter(
      (correction) =>
        correction.targetId === targetId && !isUndone(correction.messageId, corrections, new Set()),
    )
    .sort((a, b) => compareText(`${a.timestamp} ${a.messageId}`, `${b.timestamp} ${b.messageId}`))
  if (counting.some(({ kind }) => kind === 'retract')) return { kind: 'retracted' }
  const changes = counting.map(({ changes }) => JSON.parse(changes) as Record<string, unknown>)
  return changes.length === 0 ? { kind: 'restored' } : { kind: 'corrected', changes: changes.reduce(merge) }
}

/** `seen` ends a circle of corrections that retract each other: what it comes back to counts as standing. */
function isUndone(messageId: string, corrections: readonly Correction[], seen: Set<string>): boolean {
  if (seen.has(messageId)) return false
  seen.add(messageId)
  return corrections.some(
    ({ kind, targetId, messageId: by }) =>
      kind === 'retract' && targetId === messageId && by !== messageId && !isUndone(by, corrections, seen),
  )
}

function merge(earlier: Record<string, unknown>, later: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...earlier, ...later }
  for (const part of ['properties', 'traits']) {
    if (isObject(earlier[part]) && isObject(later[part])) merged[part] = { ...earlier[part], ...later[part] }
  }
  return merged
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
