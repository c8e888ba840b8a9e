/** A source's ledger as its view has it, and the sums that must come out. */

/** Counts of the view `ledger`, in its order. */
export const LEDGER_COUNTS = [
  'received',
  'accepted',
  'quarantined',
  'filtered',
  'refused',
  'stored',
  'duplicates',
  'not_storable',
  'forgotten',
  'in_flight',
  'missing',
  'spilled',
  'dead',
] as const

/** Events by count. */
export type LedgerRow = Record<(typeof LEDGER_COUNTS)[number], number>

/** Sums that do not come out: what is, and what should be. */
export function findRemainders(row: LedgerRow): { what: string; found: number; wanted: number }[] {
  const { received, accepted, quarantined, filtered, refused } = row
  const { stored, duplicates, not_storable, forgotten, in_flight, missing } = row
  return [
    { what: 'received', found: received, wanted: accepted + quarantined + filtered + refused },
    {
      what: 'accepted',
      found: accepted,
      wanted: stored + duplicates + not_storable + forgotten + in_flight + missing,
    },
  ].filter(({ found, wanted }) => found !== wanted)
}
