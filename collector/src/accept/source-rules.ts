/** The settings of a source made ready once, so that an event costs only what it must. */

import type {
  ConsentPolicy,
  EnrichHook,
  IdentityPolicy,
  IpPolicy,
  LookupJoin,
  PiiRule,
  PlannedEvent,
  PlanVerdict,
} from '@millrace/schemas'
import { createPlanChecker } from '@millrace/schemas'
import { type Arrival, createArrivalReader, type PageInput } from '../enrich/arrival.ts'
import { createPiiFilter, type PiiFilter } from '../enrich/pii.ts'
import { createReferrerReader } from '../enrich/referrer.ts'
import type { Source } from '../sources.ts'

/** What holds for the events of one source. */
export interface SourceRules {
  source: string
  checkPlan: ((event: PlannedEvent) => PlanVerdict) | undefined
  /** Whether an event that breaks the plan is quarantined; otherwise it is stored with its violations. */
  isPlanEnforced: boolean
  hasGeo: boolean
  hasDevice: boolean
  readArrival: (page: PageInput) => Arrival
  bots: 'flag' | 'filter' | 'off'
  ip: IpPolicy
  pii: PiiFilter | undefined
  /** The same for events whose traits came in their context and were moved to their place. */
  piiOfLifted: PiiFilter | undefined
  consent: ConsentPolicy | undefined
  identity: IdentityPolicy
  lookups: readonly LookupJoin[]
  hook: EnrichHook | undefined
}

/** What SDKs repeat elsewhere, the person's traits in the context of every event, is the same to a rule. */
function coverRepeated(rule: PiiRule): PiiRule {
  const repeated = rule.paths.filter((path) => path.startsWith('traits.')).map((path) => `context.${path}`)
  // That of an `alias` is the anonymous id of before.
  const previous = rule.paths.includes('anonymousId') ? ['previousId'] : []
  return { ...rule, paths: [...new Set([...rule.paths, ...repeated, ...previous])] }
}

/** What a rule means for an event whose traits came in its context: there it looked for them. */
function coverLiftedTraits(rule: PiiRule): PiiRule {
  const lifted = rule.paths.flatMap((path) => {
    if (path === 'context.**' || path === 'context.*') return [path.replace('context.', 'traits.')]
    return path === 'context.traits' || path.startsWith('context.traits.')
      ? [path.slice('context.'.length)]
      : []
  })
  return { ...rule, paths: [...rule.paths, ...lifted] }
}

/** What {@link createSourceRules} needs of the world. */
export interface RuleEffects {
  /** A Worker secret by the name of its variable. */
  secret: (variable: string) => string | undefined
  log: (record: Record<string, unknown>) => void
}

/** Compiles the settings of a source. */
export function createSourceRules(
  { name, settings = {} }: Source,
  { secret, log }: RuleEffects,
): SourceRules {
  const { plan, consent, pii = [] } = settings
  const onMissingSecret = (variable: string) =>
    log({ level: 'error', event: 'missing_secret', source: name, variable, effect: 'values are dropped' })
  return {
    source: name,
    checkPlan: plan === undefined || plan.mode === 'off' ? undefined : createPlanChecker(plan),
    isPlanEnforced: plan?.mode === 'enforce',
    hasGeo: settings.geo ?? true,
    hasDevice: settings.device ?? true,
    readArrival: createArrivalReader({
      hasCampaign: settings.campaign ?? true,
      readReferrer:
        settings.referrer === false ? undefined : createReferrerReader(settings.internalHosts ?? []),
    }),
    bots: settings.bots ?? 'flag',
    ip: settings.ip ?? 'truncate',
    pii: createPiiFilter(pii.map(coverRepeated), secret, onMissingSecret),
    piiOfLifted: createPiiFilter(pii.map(coverRepeated).map(coverLiftedTraits), secret),
    consent,
    identity: settings.identity ?? { kind: 'client' },
    lookups: settings.lookups ?? [],
    hook: settings.enrich,
  }
}
