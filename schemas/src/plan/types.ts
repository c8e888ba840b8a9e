/** The types that a tracking plan gives to the SDKs. */

import type { z } from 'zod'
import type { PropertiesEntry, TrackingPlan, TraitsEntry } from './plan.ts'

/** What a caller may pass where the entry's schema is applied. */
type InputOf<E> = E extends { properties: infer S extends z.ZodType }
  ? z.input<S>
  : E extends { traits: infer S extends z.ZodType }
    ? z.input<S>
    : never

/**
 * What each call of an SDK takes under a plan: `createMillrace<PlanTypes<typeof plan>>(...)`.
 *
 * Keys are `track` (properties by name of the event; any name where the plan has no `events`) and those of `page`,
 * `screen`, `identify` and `group` that the plan has.
 */
export type PlanTypes<T extends TrackingPlan> = {
  track: T extends { events: infer E extends Record<string, PropertiesEntry> }
    ? { [Name in keyof E]: InputOf<E[Name]> }
    : Record<string, object>
} & {
  [Type in 'page' | 'screen' | 'identify' | 'group' as T extends Record<Type, PropertiesEntry | TraitsEntry>
    ? Type
    : never]: Type extends keyof T ? InputOf<T[Type]> : never
}
