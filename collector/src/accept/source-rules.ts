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
  consent: ConsentPolicy | undefined
  /** Whether a batch may hold events with and without a person's identity, so that its context cannot be shared. */
  mayAnonymize: boolean
  identity: IdentityPolicy
  lookups: readonly LookupJoin[]
  hook: EnrichHook | undefined
}

/** SDKs repeat the person's traits in the context of every event, so a rule for the one holds for the other. */
function coverRepeatedTraits(rule: PiiRule): PiiRule {
  const repeated = rule.paths.filter((path) => path.startsWith('traits.')).map((path) => `context.${path}`)
  return { ...rule, paths: [...rule.paths, ...repeated] }
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
    pii: createPiiFilter(pii.map(coverRepeatedTraits), secret, onMissingSecret),
    consent,
    mayAnonymize: [consent?.whenDenied, consent?.whenUnknown, consent?.whenGpc].includes('anonymize'),
    identity: settings.identity ?? { kind: 'client' },
    lookups: settings.lookups ?? [],
    hook: settings.enrich,
  }
}
