/** The batch's own context and integrations as its events will get them: what rules take away is taken away before it is shared. */

import type { JsonObject } from '@millrace/schemas'
import { encodeJson, fitsBytes, MAX_EVENT_BYTES } from '@millrace/schemas'
import type { PiiFilter } from '../enrich/pii.ts'
import type { SharedFields } from './shared-fields.ts'

/** What events share, after the rules, as the head of the envelope carries it. */
export interface PreparedShared {
  context?: JsonObject
  integrations?: JsonObject
}

/**
 * Takes out the address, which travels apart, and what the source's rules about personal data say. When the rules make
 * more of it than an event may be, no event can have it: the refusal is noted in `shared`.
 */
export async function prepareShared(
  shared: SharedFields,
  pii: PiiFilter | undefined,
): Promise<PreparedShared> {
  const { context, integrations } = shared.head
  if (context === undefined && integrations === undefined) return {}
  const bare = {
    ...(context === undefined ? {} : { context: withoutAddress(context) }),
    ...(integrations === undefined ? {} : { integrations }),
  }
  if (pii === undefined) return bare
  const ruled = await pii.apply(bare)
  if (fitsBytes(encodeJson(ruled), MAX_EVENT_BYTES)) return ruled
  const message = "what the rules of the source make of the batch's context is too large"
  shared.refusal = { reason: 'event_too_large', path: 'context', message }
  return {}
}

/** The context without `ip`: its policy was applied, and the result is a fact of the event. */
export function withoutAddress(context: JsonObject): JsonObject {
  if (context['ip'] === undefined) return context
  const { ip: _, ...rest } = context
  return rest
}

/**
 * The context that an event must carry so that, merged over the shared one, it gives `whole`: keys that differ, and
 * `null` for those that are shared and not wanted.
 */
export function subtractShared(whole: JsonObject, shared: JsonObject | undefined): JsonObject {
  if (shared === undefined) return whole
  const own = Object.entries(whole).filter(
    ([key, value]) => !Object.hasOwn(shared, key) || JSON.stringify(shared[key]) !== JSON.stringify(value),
  )
  const unwanted = Object.keys(shared).filter((key) => !Object.hasOwn(whole, key))
  return Object.fromEntries([...own, ...unwanted.map((key) => [key, null] as const)])
}
