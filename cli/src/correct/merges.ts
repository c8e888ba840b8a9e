/** What became of persons: joined by an alias, or parted again when it was retracted. */

import type { EraseStatements } from '@millrace/schemas/erase'
import { printable } from '../printable.ts'

/** One change of a user's person, as the table `identity_merges` has it. */
export interface Merge {
  /** ISO 8601. */
  at: string
  userId: string
  personBefore: string
  personAfter: string
  /** Id of the alias event; empty when it was retracted. */
  alias: string
}

const QUERY = `
SELECT
  formatDateTime(at, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS at,
  user_id AS userId,
  person_before AS personBefore,
  person_after AS personAfter,
  evidence_id AS alias
FROM identity_merges AS m
WHERE source = {source:String}
ORDER BY m.at DESC, user_id
LIMIT {limit:UInt32}`

/** The latest first. */
export function listMerges({ read }: EraseStatements, source: string, limit: number): Promise<Merge[]> {
  return read<Merge>(QUERY, { source, limit })
}

/** The same for people, ending with a newline. */
export function formatMerges(source: string, merges: readonly Merge[]): string {
  if (merges.length === 0) return `no persons of ${source} were joined by an alias\n`
  const lines = merges.map((merge, index) => formatMerge(merge, merges.slice(index + 1)))
  const hint = `to part them again, retract the alias: millrace retract <id of the alias> --source ${source} --reason WHY`
  return `${[...lines, ...(hasJoined(merges) ? [hint] : [])].join('\n')}\n`
}

/** Whether somebody is joined still: the first line of a user is the latest. */
function hasJoined(merges: readonly Merge[]): boolean {
  const users = Map.groupBy(merges, ({ userId }) => userId)
  return [...users.values()].some(([latest]) => latest !== undefined && latest.alias !== '')
}

/** @param earlier changes, the latest first: among them is what a parting undoes */
function formatMerge(
  { at, userId, personBefore, personAfter, alias }: Merge,
  earlier: readonly Merge[],
): string {
  const [user, before, after] = [userId, personBefore, personAfter].map(printable)
  if (alias === '') {
    const joined = earlier.find((merge) => merge.userId === userId && merge.alias !== '')
    const by =
      joined === undefined ? '' : `: it was joined to ${before} by the alias ${printable(joined.alias)}`
    return `${at}  ${user} was parted from ${before}, and is ${after}${by}`
  }
  return `${at}  ${user} was joined to ${after} by the alias ${printable(alias)}`
}
