/** Which ids an event names: those by which it is to be left out when one of them is forgotten. Pure. */

import {
  CORRECT_EVENT,
  type EnvelopeEvent,
  type ForgottenKind,
  type QuarantinedEvent,
} from '@millrace/schemas'

/** An id, and what it may be the id of. */
export interface NamedId {
  kind: ForgottenKind
  id: string
}

/** The ids of an accepted event. */
export function idsOfEvent({
  messageId,
  userId,
  anonymousId,
  previousId,
  event,
  properties,
}: EnvelopeEvent): NamedId[] {
  const ids: NamedId[] = [{ kind: 'message', id: messageId }]
  if (userId !== undefined) ids.push({ kind: 'user', id: userId })
  if (anonymousId !== undefined) ids.push({ kind: 'anonymous', id: anonymousId })
  if (previousId !== undefined) ids.push(...either(previousId))
  return event === CORRECT_EVENT ? [...ids, ...idsOfChanges(properties?.['changes'])] : ids
}

/** The ids of a refused event: of its text, which may be cut off or no JSON at all, and what the edge gave it. */
export function idsOfQuarantined({ raw, anonymousId, clientAnonymousId }: QuarantinedEvent): NamedId[] {
  const ids = [...raw.matchAll(NAMED)].flatMap(([, value = '']) => either(unquote(value)))
  for (const id of [anonymousId, clientAnonymousId]) if (id !== undefined) ids.push({ kind: 'anonymous', id })
  return ids
}

/** As `NAMED_IDS` of the statements that erase has it: a number counts as its digits. */
const NAMED =
  /"(?:userId|anonymousId|previousId|user_id|anonymous_id)"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*)/g

function either(id: string): NamedId[] {
  return [
    { kind: 'user', id },
    { kind: 'anonymous', id },
  ]
}

function unquote(value: string): string {
  try {
    return String(JSON.parse(value))
  } catch {
    // An escape that JSON does not know; no event that is accepted has such an id.
    return value
  }
}

function idsOfChanges(changes: unknown): NamedId[] {
  const { userId, anonymousId } = (changes ?? {}) as { userId?: unknown; anonymousId?: unknown }
  return [
    ...(typeof userId === 'string' ? [{ kind: 'user' as const, id: userId }] : []),
    ...(typeof anonymousId === 'string' ? [{ kind: 'anonymous' as const, id: anonymousId }] : []),
  ]
}
