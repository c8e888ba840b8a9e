/** What a request tells of who sent it; the same for all events of a batch. */

import type { RequestFacts } from '@millrace/schemas'
import type { ClientHints } from '../enrich/client-hints.ts'
import { readGpc } from '../enrich/consent.ts'
import { readGeo } from '../enrich/geo.ts'
import { applyIpPolicy } from '../enrich/ip.ts'
import { type AgentKind, classifyAgent } from '../enrich/relay.ts'
import type { EdgeTools } from './edge-tools.ts'
import type { SourceRules } from './source-rules.ts'

/** The sender of a request. */
export interface Sender {
  /** Cut to {@link MAX_USER_AGENT_LENGTH}. */
  userAgent: string | undefined
  hints: ClientHints | undefined
  /** The address before the source's policy; never stored. */
  address: string | undefined
  /** By the user agent alone; the library of an event may say otherwise. */
  agentKind: AgentKind
  /** What goes into the envelope, after the source's policy. */
  facts: RequestFacts
}

/** Longest `User-Agent` that is kept, in UTF-16 units: real ones stay under 500. */
export const MAX_USER_AGENT_LENGTH = 1_024

/** Reads headers and Cloudflare's `request.cf`. */
export function readSender(request: Request, rules: SourceRules, tools: EdgeTools): Sender {
  const { headers } = request
  const userAgent = headers.get('user-agent')?.slice(0, MAX_USER_AGENT_LENGTH)
  const address = headers.get('cf-connecting-ip') ?? undefined
  const hints = tools.readHints(headers)
  const facts: RequestFacts = rules.hasGeo ? { ...readGeo((request as { cf?: unknown }).cf) } : {}
  const ip = address === undefined ? undefined : applyIpPolicy(address, rules.ip)
  if (ip !== undefined) facts.ip = ip
  const device = rules.hasDevice && userAgent !== undefined ? tools.readDevice(userAgent, hints) : undefined
  if (device !== undefined) facts.device = device
  const bot = rules.bots === 'off' || userAgent === undefined ? undefined : tools.findBot(userAgent)
  if (bot !== undefined) facts.bot = bot
  if (readGpc(headers)) facts.gpc = true
  return { userAgent, hints, address, agentKind: classifyAgent(userAgent), facts }
}
