/** Which ids are forgotten, as the warehouse says, read now and then. Knows nothing of events. */

import type { Statements } from '../statements.ts'
import { withTimeout } from '../timeout.ts'

/** Hashes of a source, as `forgottenHash` makes them. */
export type ForgottenHashes = ReadonlySet<string>

/** The hashes of a source, empty for most; `undefined` while the warehouse has never answered. Never rejects. */
export type ForgottenLookup = (source: string) => Promise<ForgottenHashes | undefined>

/** What the lookup works with. */
export interface ForgottenLookupEffects extends Pick<Statements, 'read'> {
  now: () => number
  log: (record: Record<string, unknown>) => void
}

/** How long a list is used. What comes in meanwhile of a person who is forgotten is deleted by the next recomputation. */
export const LIST_TTL_MS = 30_000

/** How long a failure is not asked about again: every queue batch would otherwise wait for it. */
const FAILURE_TTL_MS = 5_000

/** How long the warehouse may take; the other sinks wait for it as well. */
const READ_TIMEOUT_MS = 5_000

const QUERY = 'SELECT DISTINCT id_hash FROM forgotten WHERE source = {source:String}'

interface Entry {
  hashes: ForgottenHashes | undefined
  isFreshUntil: number
}

/**
 * A lookup for one isolate, to be kept for its life. A source is read when it is asked for and its list is older than 30 s;
 * when that fails, the list before holds.
 */
export function createForgottenLookup({ read, now, log }: ForgottenLookupEffects): ForgottenLookup {
  const lists = new Map<string, Entry>()
  return async (source) => {
    const known = lists.get(source)
    if (known !== undefined && now() < known.isFreshUntil) return known.hashes
    try {
      // Not shared with who asks at the same time: in a Worker a request must not wait for what another one reads.
      const rows = await withTimeout(read<{ id_hash: string }>(QUERY, { source }), READ_TIMEOUT_MS)
      const hashes = new Set(rows.map(({ id_hash }) => id_hash))
      lists.set(source, { hashes, isFreshUntil: now() + LIST_TTL_MS })
      return hashes
    } catch (error) {
      log({
        level: 'warn',
        event: 'forgotten_unread',
        source,
        isKnown: known?.hashes !== undefined,
        error: String(error).slice(0, 300),
      })
      lists.set(source, { hashes: known?.hashes, isFreshUntil: now() + FAILURE_TTL_MS })
      return known?.hashes
    }
  }
}
