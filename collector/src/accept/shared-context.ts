/** The batch's own context as its events will get it: what rules take away is taken away before it is shared. */

import type { JsonObject } from '@millrace/schemas'
import type { PiiFilter } from '../enrich/pii.ts'

/** Takes out the address, which travels apart, and what the source's rules about personal data say. */
export async function prepareSharedContext(
  context: JsonObject | undefined,
  pii: PiiFilter | undefined,
): Promise<JsonObject | undefined> {
  if (context === undefined) return undefined
  const bare = withoutAddress(context)
  return pii === undefined ? bare : (await pii.apply({ context: bare })).context
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
