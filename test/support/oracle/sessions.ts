/** Sessions by definition. */

import { compareEvents, type OracleEvent, visitorOf } from './events.ts'

/** A session, and the events that it is made of. */
export interface OracleSession {
  /** The client's id, or `undefined` where it has none. */
  clientId: string | undefined
  visitor: string
  events: OracleEvent[]
}

const GAP_MS = 30 * 60 * 1_000

/** All sessions of a source. */
export function findSessions(events: readonly OracleEvent[]): OracleSession[] {
  const ordered = [...events].sort(compareEvents)
  const sessions: OracleSession[] = []
  for (const [clientId, own] of Map.groupBy(ordered.filter(hasClientSession), ({ sessionId }) => sessionId)) {
    sessions.push({ clientId, visitor: own[0] === undefined ? '' : visitorOf(own[0]), events: own })
  }
  for (const [visitor, own] of Map.groupBy(
    ordered.filter((event) => !hasClientSession(event)),
    visitorOf,
  )) {
    if (visitor !== '') sessions.push(...cut(visitor, own))
  }
  return sessions
}

function hasClientSession({ sessionId }: OracleEvent): boolean {
  return sessionId !== ''
}

function cut(visitor: string, events: readonly OracleEvent[]): OracleSession[] {
  const sessions: OracleSession[] = []
  let last: OracleEvent | undefined
  let campaign = ''
  const placed = [...events].sort(
    (a, b) => a.at - b.at || Number(hasCampaign(b)) - Number(hasCampaign(a)) || compareEvents(a, b),
  )
  for (const event of placed) {
    const own = hasCampaign(event) ? event.campaign.join('\n') : ''
    const isGap = last === undefined || event.at - last.at > GAP_MS
    if (isGap) campaign = ''
    if (isGap || (event.at !== last?.at && own !== '' && own !== campaign))
      sessions.push({ clientId: undefined, visitor, events: [] })
    if (own !== '') campaign = own
    sessions.at(-1)?.events.push(event)
    last = event
  }
  for (const session of sessions) session.events.sort(compareEvents)
  return sessions
}

function hasCampaign({ campaign }: OracleEvent): boolean {
  return campaign.some((part) => part !== '')
}

/** The fields of a session that the oracle knows, in the table's names. */
export function describeSession(
  { clientId, visitor, events }: OracleSession,
  personOf: (event: OracleEvent) => string,
) {
  const views = events.filter(({ type }) => type === 'page' || type === 'screen')
  const acts = events.filter(
    ({ type, event }) => type === 'track' && event !== 'Page Engaged' && event !== 'Web Vital',
  )
  const [first] = events
  const last = events.at(-1)
  const [source = '', medium = '', name = ''] =
    events.find(({ campaign }) => campaign.some((part) => part !== ''))?.campaign ?? []
  return {
    visitor_id: visitor,
    person_id: last === undefined ? '' : personOf(last),
    user_id: events.findLast(({ userId }) => userId !== '')?.userId ?? '',
    client_id: clientId ?? '',
    session_index: Math.max(...events.map(({ sessionIndex }) => sessionIndex)),
    started_at: first?.at ?? 0,
    ended_at: last?.at ?? 0,
    duration_seconds: ((last?.at ?? 0) - (first?.at ?? 0)) / 1_000,
    engaged_seconds: events.reduce((sum, { visibleMs }) => sum + visibleMs, 0) / 1_000,
    events: events.length,
    page_views: views.length,
    is_bounce: views.length <= 1 && acts.length === 0,
    entry_page: views[0]?.view ?? '',
    exit_page: views.at(-1)?.view ?? '',
    campaign_source: source,
    campaign_medium: medium,
    campaign_name: name,
    country: events.find(({ country }) => country !== '')?.country ?? '',
  }
}
