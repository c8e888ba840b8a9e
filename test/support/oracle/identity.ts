/** Whose events are, by definition: written to be read, not to be fast. */

import { compareEvents, type OracleEvent } from './events.ts'

/** A row of `identities` as the oracle knows it. */
export interface OracleOwner {
  anonymousId: string
  userId: string
  personId: string
  from: number
  to: number
  evidenceId: string
}

/** Persons of one source. */
export interface OracleIdentity {
  owners: OracleOwner[]
  /** User to person, only where they differ. */
  joined: Map<string, string>
  personOf: (event: OracleEvent) => string
}

/** `2200-01-01`. */
export const FOREVER = Date.UTC(2200, 0, 1)

/** Computes it from all events of a source. */
export function resolveIdentity(events: readonly OracleEvent[]): OracleIdentity {
  const ordered = [...events].sort(compareEvents)
  const users = new Set(ordered.map(({ userId }) => userId).filter((id) => id !== ''))
  const aliases = ordered.filter(
    ({ type, previousId, userId }) =>
      type === 'alias' && userId !== '' && previousId !== userId && users.has(previousId),
  )
  const joined = joinUsers(aliases)
  const personOfUser = (id: string) => joined.get(id) ?? id
  const owners = [...findEvidence(ordered)].flatMap(([anonymousId, evidence]) =>
    ownersOf(anonymousId, evidence, personOfUser),
  )
  const byId = Map.groupBy(owners, ({ anonymousId }) => anonymousId)
  return {
    owners,
    joined,
    personOf({ userId, anonymousId, at }) {
      if (userId !== '') return personOfUser(userId)
      const owner = byId.get(anonymousId)?.find(({ from, to }) => at >= from && at < to)
      return owner?.personId ?? anonymousId
    },
  }
}

/** The same name for all that aliases connect: spread the name until nothing changes. */
function joinUsers(aliases: readonly OracleEvent[]): Map<string, string> {
  const order: string[] = []
  for (const { userId, previousId } of aliases) {
    for (const id of [userId, previousId]) if (!order.includes(id)) order.push(id)
  }
  const group = new Map(order.map((id) => [id, id]))
  let isChanging = true
  while (isChanging) {
    isChanging = false
    for (const { userId, previousId } of aliases) {
      const [a = '', b = ''] = [group.get(userId), group.get(previousId)]
      if (a === b) continue
      isChanging = true
      for (const [id, name] of group) if (name === b) group.set(id, a)
    }
  }
  const isLeft = (id: string) => aliases.some(({ previousId }) => previousId === id)
  const joined = new Map<string, string>()
  for (const members of Map.groupBy(order, (id) => group.get(id)).values()) {
    const person = members.find((id) => !isLeft(id)) ?? members[0] ?? ''
    for (const id of members) if (id !== person) joined.set(id, person)
  }
  return joined
}

interface Evidence {
  event: OracleEvent
  userId: string
}

function findEvidence(ordered: readonly OracleEvent[]): Map<string, Evidence[]> {
  const found = new Map<string, Evidence[]>()
  for (const event of ordered) {
    const { userId, anonymousId, previousId, type } = event
    if (userId === '') continue
    for (const id of new Set([anonymousId, type === 'alias' ? previousId : ''])) {
      if (id !== '') found.set(id, [...(found.get(id) ?? []), { event, userId }])
    }
  }
  return found
}

function ownersOf(
  anonymousId: string,
  evidence: readonly Evidence[],
  personOfUser: (id: string) => string,
): OracleOwner[] {
  const switches = evidence.filter(({ userId }, index) => evidence[index - 1]?.userId !== userId)
  return switches
    .map(({ event, userId }, index) => ({
      anonymousId,
      userId,
      personId: personOfUser(userId),
      from: index === 0 ? 0 : event.at,
      to: switches[index + 1]?.event.at ?? FOREVER,
      evidenceId: event.id,
    }))
    .filter(({ from, to }) => from < to)
}
