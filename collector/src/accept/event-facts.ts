/** What the edge adds to each event of a batch: device, bot, referrer, campaign, and whose request it was. */

import type {
  CampaignFacts,
  EventFacts,
  JsonObject,
  JsonValue,
  ParsedEvent,
  ReferrerFacts,
  Route,
} from '@millrace/schemas'
import { isAutomated } from '../enrich/bot.ts'
import { readCampaign } from '../enrich/campaign.ts'
import { readUserAgentData } from '../enrich/client-hints.ts'
import { contextGpc } from '../enrich/consent.ts'
import { applyIpPolicy } from '../enrich/ip.ts'
import { classifyAgent, isServerAgent } from '../enrich/relay.ts'
import type { EdgeTools } from './edge-tools.ts'
import { MAX_USER_AGENT_LENGTH, type Sender } from './sender.ts'
import type { SourceRules } from './source-rules.ts'

/** What holds for all events of a batch when their facts are read. */
export interface FactScope {
  route: Route
  sender: Sender
  /** The batch's context before anything was taken from it. */
  sharedContext: JsonObject | undefined
}

/** Reads the facts of one event. */
export type FactReader = (event: ParsedEvent) => EventFacts

/** What a page's address and referrer tell; most events of a batch are of the same page. */
interface Arrival {
  pageUrl: string
  search: string
  referrer: string
  context: JsonValue | undefined
  campaign: CampaignFacts | undefined
  referrerFacts: ReferrerFacts | undefined
}

/** A reader for one batch. */
export function createFactReader(rules: SourceRules, tools: EdgeTools, scope: FactScope): FactReader {
  const { sender, sharedContext, route } = scope
  const agentKind = classifyAgent(sender.userAgent)
  let last: Arrival | undefined

  const readArrival = (event: ParsedEvent, context: JsonObject | undefined): Arrival => {
    const page = asObject(context?.['page'])
    const own = event.type === 'page' ? event.properties : undefined
    const pageUrl = asText(own?.['url']) || asText(page?.['url'])
    const search = asText(own?.['search']) || asText(page?.['search'])
    const stated = asText(own?.['referrer']) || asText(page?.['referrer'])
    // What RudderStack's SDK writes for none.
    const referrer = stated === '$direct' ? '' : stated
    const campaignContext = context?.['campaign']
    if (last?.pageUrl === pageUrl && last.referrer === referrer && last.search === search) {
      if (last.context === campaignContext) return last
    }
    const campaign = rules.hasCampaign
      ? readCampaign({ pageUrl, search, context: campaignContext })
      : undefined
    // An event that knows no page has no referrer either; `direct` would be a guess.
    const isOnPage = pageUrl !== '' || referrer !== ''
    const referrerFacts = isOnPage
      ? rules.readReferrer?.({ referrer, pageUrl, ...(campaign === undefined ? {} : { campaign }) })
      : undefined
    last = { pageUrl, search, referrer, context: campaignContext, campaign, referrerFacts }
    return last
  }

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
    const own = event.context
    const context =
      own === undefined || sharedContext === undefined ? (own ?? sharedContext) : { ...sharedContext, ...own }
    const address = context?.['ip']
    if (isRelayed(context?.['library'], address)) facts.isRelayed = true
    if (typeof address === 'string') {
      const ip = applyIpPolicy(address, rules.ip)
      if (ip !== undefined) facts.ip = ip
    }
    const userAgent = asText(context?.['userAgent'])
    readDevice(facts, userAgent === '' ? undefined : userAgent.slice(0, MAX_USER_AGENT_LENGTH), context)
    if (rules.bots !== 'off' && facts.bot === undefined && isAutomated(context)) facts.bot = 'webdriver'
    if (context !== undefined && contextGpc(context)) facts.gpc = true
    const arrival = readArrival(event, context)
    if (arrival.campaign !== undefined) facts.campaign = arrival.campaign
    if (arrival.referrerFacts !== undefined) facts.referrer = arrival.referrerFacts
    return facts
  }

  /** A server's own address and user agent say nothing about the person; nor do those of who brings history in. */
  function isRelayed(library: JsonValue | undefined, address: JsonValue | undefined): boolean {
    if (route === 'import') return true
    if (typeof address === 'string' && address !== '' && address !== sender.address) return true
    if (agentKind === 'browser' || agentKind === 'server') return agentKind === 'server'
    return isServerAgent(sender.userAgent, asText(asObject(library)?.['name']))
  }
}

function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}

function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
