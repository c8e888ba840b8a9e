/** A dead letter as an operator of one source sees it: what its metadata and its text tell, and whether it is theirs. */

import {
  countLetterEvents,
  type DeadLetter,
  isLetterKind,
  kindOfLetter,
  type OpenedLetter,
} from '@millrace/schemas'
import type { DeadObject } from './bucket.ts'

/** What a part's metadata tells. */
export function describePart(object: DeadObject, source: string): DeadLetter {
  const rows = object.customMetadata?.['rows']
  const events = rows === undefined ? {} : { events: Number(rows) }
  return { ...describeObject(object), kind: 'part', source, ...events }
}

/** What the metadata of a letter tells, or `undefined` when it does not say whose it is: its text may. */
export function describeByMetadata(object: DeadObject): DeadLetter | undefined {
  const { source, kind, sink, messageId, events } = object.customMetadata ?? {}
  if (source === undefined) return undefined
  return {
    ...describeObject(object),
    ...(isLetterKind(kind) ? { kind } : {}),
    source,
    ...(sink ? { sink } : {}),
    ...(messageId === undefined ? {} : { messageId }),
    ...(events === undefined ? {} : { events: Number(events) }),
  }
}

/**
 * What metadata and text tell together. Whoever has a secret key may know of a letter that nobody can read: what a sink
 * said of it is left out, because it may quote the events of another source.
 */
export function describeOpened(object: DeadObject, opened: OpenedLetter): DeadLetter {
  const { source: noted, sink = '', messageId, kind: notedKind } = object.customMetadata ?? {}
  const source = opened.decoded.ok ? opened.decoded.envelope.source : noted
  const described = describeObject(object)
  const ids = messageId === undefined ? {} : { messageId }
  if (source === undefined) {
    const error = sink === '' ? described.error : 'no Worker here can read it'
    return { ...described, kind: 'unreadable', error, ...ids }
  }
  const kind = isLetterKind(notedKind) ? notedKind : kindOfLetter(opened)
  const events = countLetterEvents(opened)
  return {
    ...described,
    ...(kind === undefined ? {} : { kind }),
    source,
    ...(sink === '' ? {} : { sink }),
    ...ids,
    ...(events === undefined ? {} : { events }),
  }
}

function describeObject({ key, size, uploaded, customMetadata }: DeadObject) {
  const error = customMetadata?.['error'] ?? ''
  return { key, error, bytes: size, storedAt: uploaded.toISOString() }
}
