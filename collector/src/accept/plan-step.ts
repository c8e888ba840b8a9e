/** Holds an event against the source's tracking plan: refused, or stored with its violations written down. */

import type { EventFacts, ParsedEvent, PlanVerdict, Reason, Violation } from '@millrace/schemas'
import type { PiiFilter } from '../enrich/pii.ts'
import type { EdgeTools } from './edge-tools.ts'
import type { SourceRules } from './source-rules.ts'

/** Why the plan refuses an event. */
export interface PlanRefusal {
  reason: Reason
  path: string
  message: string
  violations: Violation[]
  planVersion?: string
}

/** A check that adds to `facts` the version of the entry, and violations that are only warned of. */
export function createPlanStep({
  rules,
  tools,
}: {
  rules: SourceRules
  tools: Pick<EdgeTools, 'log'>
}): (event: ParsedEvent, facts: EventFacts, pii: PiiFilter | undefined) => PlanRefusal | undefined {
  return (event, facts, pii) => {
    if (rules.checkPlan === undefined) return undefined
    const verdict = check(rules, tools, event)
    if (verdict === undefined) return undefined
    const { planVersion, violations } = verdict
    const [first] = violations
    if (first !== undefined && rules.isPlanEnforced) {
      const reason = first.rule === 'unplanned_event' ? 'unplanned_event' : 'plan_violation'
      const { path, message } = first
      return { reason, path, message, violations, ...(planVersion === undefined ? {} : { planVersion }) }
    }
    if (planVersion !== undefined) facts.planVersion = planVersion
    if (first !== undefined) facts.violations = violations.map((violation) => hideFound(pii, violation))
    return undefined
  }
}

/** A plan whose own code throws is our fault, not the event's: it is stored unchecked. */
function check(
  rules: SourceRules,
  { log }: Pick<EdgeTools, 'log'>,
  event: ParsedEvent,
): PlanVerdict | undefined {
  try {
    return rules.checkPlan?.(event)
  } catch (thrown) {
    // Not its message, which may quote the event.
    const error = thrown instanceof Error ? thrown.name : typeof thrown
    log({ level: 'error', event: 'plan_failed', source: rules.source, type: event.type, error })
    return undefined
  }
}

/** What a rule hides in the event must not show beside it. */
function hideFound(pii: PiiFilter | undefined, violation: Violation): Violation {
  if (pii?.covers(violation.path) !== true) return violation
  return { ...violation, found: 'hidden', message: `breaks the rule ${violation.rule}` }
}
