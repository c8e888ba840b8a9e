/** Which users are one person, by aliases. Pure: the same aliases in any order give the same persons. */

/** Of two users one: what was done as `previousId` is `userId`'s. */
export interface Alias {
  previousId: string
  userId: string
  /** Id of the event that says so. */
  messageId: string
  /** Its time; sorts as text. */
  timestamp: string
}

/** A user whose person goes by another id, and the alias that led there. */
export interface JoinedUser {
  userId: string
  personId: string
  evidence: Alias
}

/**
 * Users that are joined to another one, by user.
 *
 * The person goes by the user that aliases lead to and that none leads away from; of several such, the one whose alias came
 * first; in a cycle, of all.
 */
export function joinUsers(aliases: readonly Alias[]): Map<string, JoinedUser> {
  const ordered = [...aliases].sort(compare)
  const parents = new Map<string, string>()
  const rootOf = (id: string): string => {
    let root = id
    for (let next = parents.get(root); next !== undefined; next = parents.get(root)) root = next
    // A chain of thousands is walked once.
    for (let at = id; at !== root; ) {
      const next = parents.get(at) ?? root
      parents.set(at, root)
      at = next
    }
    return root
  }
  const firstOf = new Map<string, Alias>()
  const left = new Set<string>()
  for (const alias of ordered) {
    const { previousId, userId } = alias
    left.add(previousId)
    for (const id of [userId, previousId]) if (!firstOf.has(id)) firstOf.set(id, alias)
    const [from, to] = [rootOf(previousId), rootOf(userId)]
    if (from !== to) parents.set(from, to)
  }
  const members = Map.groupBy(firstOf.keys(), rootOf)
  const joined = new Map<string, JoinedUser>()
  for (const ids of members.values()) {
    // `firstOf` keeps the order in which ids first came, so the first of the rest is the one whose alias did.
    const personId = ids.find((id) => !left.has(id)) ?? ids[0] ?? ''
    for (const userId of ids) {
      const evidence = firstOf.get(userId)
      if (userId !== personId && evidence !== undefined) joined.set(userId, { userId, personId, evidence })
    }
  }
  return joined
}

function compare(a: Alias, b: Alias): number {
  const [left, right] = [`${a.timestamp} ${a.messageId}`, `${b.timestamp} ${b.messageId}`]
  return left < right ? -1 : Number(left > right)
}
