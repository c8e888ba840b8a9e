/** Events that a step of a funnel or a cohort asks for: a name, or a name and filters. */

import { all, bind, type Sql, sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { findEventField } from './fields.ts'
import { type Filter, filterConditions } from './filters.ts'
import { eventFiltersSchema } from './metrics.ts'

/** An event of that name, with all of the filters. Without a name any event. */
export interface Step {
  event?: string | undefined
  filters: Filter[]
}

const name = z.string().min(1).max(256)

const STEP_RULE = 'must be the name of an event, or an object with event and filters'

/** A step; a name alone is one too. */
export const stepSchema = z.preprocess(
  (value) => (typeof value === 'string' ? { event: value } : value),
  z
    .strictObject(
      { event: name.optional(), filters: eventFiltersSchema },
      { error: ({ code }) => (code === 'invalid_type' ? STEP_RULE : undefined) },
    )
    .refine(
      ({ event, filters }) => event !== undefined || filters.length > 0,
      'must have an event or filters',
    ),
)

/** Whether an event is of the step. */
export function stepCondition({ event, filters }: Step): Sql {
  const named = event === undefined ? [] : [sql`event = ${bind('String', event)}`]
  return all([...named, ...filterConditions(filters, findEventField)])
}

/** A condition that all events of the steps meet, to read fewer; none where a step takes any name. */
export function namesCondition(steps: readonly Step[]): Sql[] {
  const names = steps.map(({ event }) => event)
  const known = names.filter((event) => event !== undefined)
  if (known.length < names.length) return []
  return [sql`event IN ${bind('Array(String)', [...new Set(known)])}`]
}

/** What a step is called in an answer. */
export function stepName({ event }: Step): string | null {
  return event ?? null
}
