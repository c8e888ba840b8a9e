/** What the edge adds to each event of a batch: device, bot, referrer, campaign, and whose request it was. */

import type { EventFacts, JsonObject, JsonValue, ParsedEvent, Route } from '@millrace/schemas'
import type { Arrival, PageInput } from '../enrich/arrival.ts'
import { isAutomated } from '../enrich/bot.ts'
import { readUserAgentData } from '../enrich/client-hints.ts'
import { contextGpc } from '../enrich/consent.ts'
import { applyIpPolicy } from '../enrich/ip.ts'
import { classifyAgent, isServerAgent } from '../enrich/relay.ts'
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
  const agentKind = classifyAgent(sender.userAgent)
  let last: { page: PageInput; arrival: Arrival } | undefined

  /** Most events of a batch are of the same page. */
  const readArrival = (event: ParsedEvent, context: JsonObject | undefined): Arrival => {
    const page = readPage(event, context)
    if (last !== undefined && isSamePage(last.page, page)) return last.arrival
    last = { page, arrival: rules.readArrival(page) }
    return last.arrival
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
    if (arrival.referrer !== undefined) facts.referrer = arrival.referrer
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

function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}

function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
