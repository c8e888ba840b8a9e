/**
 * Cuts what is written at once into pieces that fit the Worker's memory. The context that a batch shares is written with
 * every row: 700 small events under one of 32 KB are an envelope of 120 KB, and 23 MB of rows.
 */

import type { Envelope } from '@millrace/schemas'

/** Most UTF-16 units of shared context in the rows of one write; a Worker has 128 MB for the text, its bytes and the rest. */
export const MAX_INSERT_LENGTH = 8 * 1024 * 1024

/**
 * Groups of envelopes in order, each for one write. Almost always that is one group with all of them. An envelope
 * that is too heavy alone is cut into several, which together have the same rows.
 */
export function groupByWeight(
  envelopes: readonly Envelope[],
  maxLength: number = MAX_INSERT_LENGTH,
): Envelope[][] {
  const groups: Envelope[][] = []
  let length = 0
  for (const { envelope, weight } of envelopes.flatMap((whole) => cut(whole, maxLength))) {
    const last = groups.at(-1)
    if (last === undefined || length + weight > maxLength) {
      groups.push([envelope])
      length = weight
    } else {
      last.push(envelope)
      length += weight
    }
  }
  return groups
}

function cut(envelope: Envelope, maxLength: number): { envelope: Envelope; weight: number }[] {
  const { events, quarantined, omitted } = envelope
  const shared = lengthOf(envelope.context) + lengthOf(envelope.integrations)
  const weight = shared * (events.length + quarantined.length)
  if (weight <= maxLength) return [{ envelope, weight }]
  const rows = Math.max(1, Math.floor(maxLength / shared))
  const pieces = [
    ...chunk(events, rows).map((some) => ({ events: some, quarantined: [], omitted: [] })),
    ...chunk(quarantined, rows).map((some) => ({ events: [], quarantined: some, omitted: [] })),
    { events: [], quarantined: [], omitted },
  ]
  // Only the first row of a batch carries the end of the page before.
  const { previous: _, ...rest } = envelope
  return pieces.map((lists, index) => ({
    envelope: { ...(index === 0 ? envelope : rest), ...lists },
    weight: shared * (lists.events.length + lists.quarantined.length),
  }))
}

function chunk<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size))
}

function lengthOf(value: object | undefined): number {
  return value === undefined ? 0 : JSON.stringify(value).length
}
