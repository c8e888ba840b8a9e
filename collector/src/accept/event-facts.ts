/** What the edge adds to each event of a batch: device, bot, referrer, campaign, and whose request it was. */

import type { CampaignFacts, EventFacts, JsonObject, JsonValue, ParsedEvent, Route } from '@millrace/schemas'
import type { Arrival, PageInput } from '../enrich/arrival.ts'
import { isAutomated } from '../enrich/bot.ts'
import { readUserAgentData } from '../enrich/client-hints.ts'
import { contextGpc } from '../enrich/consent.ts'
import { applyIpPolicy } from '../enrich/ip.ts'
import { isServerAgent } from '../enrich/relay.ts'
import { asObject } from '../json-object.ts'
import type { EdgeTools } from './edge-tools.ts'
import { MAX_USER_AGENT_LENGTH, type Sender } from './sender.ts'
import type { SourceRules } from './source-rules.ts'

/** What holds for all events of a batch when their facts are read. */
export interface FactScope {
  rules: SourceRules
  tools: EdgeTools
  route: Route
  sender: Sender
  /** The batch's context before anything was taken from it. */
  sharedContext: JsonObject | undefined
}

/** Reads the facts of one event. */
export type FactReader = (event: ParsedEvent) => EventFacts

/** A reader for one batch. */
export function createFactReader(scope: FactScope): FactReader {
  const { rules, tools, sender, sharedContext, route } = scope
  const { agentKind } = sender

  const readDevice = (facts: EventFacts, userAgent: string | undefined, context: JsonObject | undefined) => {
    const data = context?.['userAgentData']
    const hints = data === undefined ? undefined : readUserAgentData(data)
    const isOwn = userAgent !== undefined && userAgent !== sender.userAgent
    if (!isOwn && hints === undefined) return
    const agent = userAgent ?? sender.userAgent ?? ''
    const device = rules.hasDevice
      ? tools.readDevice(agent, hints ?? (isOwn ? undefined : sender.hints))
      : undefined
    if (device !== undefined) facts.device = device
    const bot = isOwn && rules.bots !== 'off' ? tools.findBot(agent) : undefined
    if (bot !== undefined) facts.bot = bot
  }

  return (event) => {
    const facts: EventFacts = {}
    const context = mergeContext(sharedContext, event.context)
    const address = readAddress(context)
    if (isRelayed(context?.['library'], address)) facts.isRelayed = true
    if (address !== undefined) {
      const ip = applyIpPolicy(address, rules.ip)
      if (ip !== undefined) facts.ip = ip
    }
    const userAgent = asText(context?.['userAgent'])
    readDevice(facts, userAgent === '' ? undefined : userAgent.slice(0, MAX_USER_AGENT_LENGTH), context)
    if (rules.bots !== 'off' && facts.bot === undefined && isAutomated(context)) facts.bot = 'webdriver'
    if (context !== undefined && contextGpc(context)) facts.gpc = true
    return facts
  }

  /** A server's own address and user agent say nothing about the person; nor do those of who brings history in. */
  function isRelayed(library: JsonValue | undefined, address: string | undefined): boolean {
    if (route === 'import') return true
    if (address !== undefined && address !== sender.address && !UNSPECIFIED.has(address)) return true
    if (agentKind === 'browser' || agentKind === 'server') return agentKind === 'server'
    return isServerAgent(sender.userAgent, asText(asObject(library)?.['name']))
  }
}

/** Adds how the person came, as far as the rules about personal data leave that in the event. */
export type ArrivalReader = (event: ParsedEvent, facts: EventFacts) => void

/** A reader for one batch; `preparedContext` is its context after the rules. */
export function createArrivalFacts({
  rules,
  preparedContext,
}: {
  rules: SourceRules
  preparedContext: JsonObject | undefined
}): ArrivalReader {
  let last: { page: PageInput; arrival: Arrival } | undefined

  /** Most events of a batch are of the same page. */
  const readArrival = (event: ParsedEvent): Arrival => {
    const page = readPage(event, mergeContext(preparedContext, event.context))
    if (last !== undefined && isSamePage(last.page, page)) return last.arrival
    last = { page, arrival: rules.readArrival(page) }
    return last.arrival
  }

  return (event, facts) => {
    const { campaign, referrer } = readArrival(event)
    if (campaign !== undefined) facts.campaign = facts.isAnonymized ? withoutClick(campaign) : campaign
    if (referrer !== undefined) facts.referrer = referrer
  }
}

/** A click id is one person's click. */
function withoutClick({ clickId: _, clickIdType: __, ...campaign }: CampaignFacts): CampaignFacts {
  return campaign
}

function mergeContext(shared: JsonObject | undefined, own: JsonObject | undefined): JsonObject | undefined {
  return own === undefined || shared === undefined ? (own ?? shared) : { ...shared, ...own }
}

function readPage({ type, properties }: ParsedEvent, context: JsonObject | undefined): PageInput {
  const page = asObject(context?.['page'])
  const own = type === 'page' ? properties : undefined
  const referrer = asText(own?.['referrer']) || asText(page?.['referrer'])
  return {
    pageUrl: asText(own?.['url']) || asText(page?.['url']),
    search: asText(own?.['search']) || asText(page?.['search']),
    // `$direct` is what RudderStack's SDK writes for none.
    referrer: referrer === '$direct' ? '' : referrer,
    campaign: context?.['campaign'],
  }
}

function isSamePage(one: PageInput, other: PageInput): boolean {
  return (
    one.pageUrl === other.pageUrl &&
    one.referrer === other.referrer &&
    one.search === other.search &&
    one.campaign === other.campaign
  )
}

/** With these as `context.ip` clients of Segment ask that none be kept; they are stored in its place. */
const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

function readAddress(context: JsonObject | undefined): string | undefined {
  const address = asText(context?.['ip'])
  return address === '' ? undefined : address
}

function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
