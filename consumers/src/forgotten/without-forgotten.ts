/** Leaves out the events of persons who are forgotten, before any sink: they become entries of the omitted. */

import { type Envelope, forgottenHash, type OmittedEvent } from '@millrace/schemas'
import type { Delivery, Sink, SinkName } from '../sink.ts'
import type { ForgottenHashes, ForgottenLookup } from './lookup.ts'
import { idsOfEvent, idsOfQuarantined, type NamedId } from './named-ids.ts'

/**
 * Sinks that write nothing while it is not known who is forgotten. The warehouse is where that is written down, so while
 * it does not answer, nothing could be written to it anyway; the others go on.
 */
const MUST_KNOW: readonly SinkName[] = ['warehouse']

/**
 * The sink, without events that name a forgotten id: accepted and refused ones are omitted, `filtered` for the reason
 * `forgotten`. Rejects, which is a retry, where the lookup has never had an answer and the sink is the warehouse.
 */
export function withoutForgotten(sink: Sink, lookup: ForgottenLookup): Sink {
  const clean = async (delivery: Delivery): Promise<Delivery> => {
    const { envelope } = delivery
    const hashes = await lookup(envelope.source)
    if (hashes === undefined && MUST_KNOW.includes(sink.name)) {
      throw new Error('it is not known yet who is forgotten')
    }
    if (hashes === undefined || hashes.size === 0) return delivery
    return { ...delivery, envelope: await leaveOut(envelope, hashes) }
  }
  return {
    name: sink.name,
    async write(deliveries) {
      const cleaned: Delivery[] = []
      for (const delivery of deliveries) cleaned.push(await clean(delivery))
      return sink.write(cleaned)
    },
  }
}

async function leaveOut(envelope: Envelope, hashes: ForgottenHashes): Promise<Envelope> {
  const isForgotten = createTest(hashes)
  const omitted: OmittedEvent[] = []
  const keep = async <T extends { messageId: string; seq?: number }>(
    items: readonly T[],
    idsOf: (item: T) => NamedId[],
    was: Pick<OmittedEvent, 'wasAccepted'>,
  ): Promise<T[]> => {
    const kept: T[] = []
    for (const [index, item] of items.entries()) {
      if (await isForgotten(idsOf(item))) omitted.push({ ...omit(item, index), ...was })
      else kept.push(item)
    }
    return kept
  }
  const events = await keep(envelope.events, idsOfEvent, { wasAccepted: true })
  const quarantined = await keep(envelope.quarantined, idsOfQuarantined, {})
  if (omitted.length === 0) return envelope
  return { ...envelope, events, quarantined, omitted: [...envelope.omitted, ...omitted] }
}

function omit({ messageId, seq }: { messageId: string; seq?: number }, index: number): OmittedEvent {
  return { messageId, index, ...(seq === undefined ? {} : { seq }), status: 'filtered', reason: 'forgotten' }
}

/** Tells whether any of ids is forgotten. Most events of a batch are of the same few persons, so each id is hashed once. */
export function createTest(hashes: ForgottenHashes): (ids: readonly NamedId[]) => Promise<boolean> {
  const known = new Map<string, boolean>()
  return async (ids) => {
    for (const { kind, id } of ids) {
      const key = `${kind} ${id}`
      const isForgotten = known.get(key) ?? hashes.has(await forgottenHash(kind, id))
      known.set(key, isForgotten)
      if (isForgotten) return true
    }
    return false
  }
}
