/** What the oracle expects of each table, and what ClickHouse has in it, in one shape. */

import type { Envelope } from '@millrace/schemas'
import type { TestWarehouse } from '../warehouse.ts'
import { distinctEvents, type OracleEvent } from './events.ts'
import { resolveIdentity } from './identity.ts'
import { countFields, countWindows, ORACLE_FIELDS } from './rollups.ts'
import { describeSession, findSessions } from './sessions.ts'

/** Tables by name; rows as text, sorted. */
export type Tables = Record<
  | 'events'
  | 'persons'
  | 'identities'
  | 'joined'
  | 'sessions'
  | 'rollup_minute'
  | 'rollup_hour'
  | 'rollup_hour_fields',
  string[]
>

/** What one source's tables must hold after these envelopes. */
export function expectTables(envelopes: readonly Envelope[], source: string): Tables {
  return expectTablesOf(distinctEvents(envelopes).filter((event) => event.source === source))
}

/** The same for events that are distinct already. */
export function expectTablesOf(events: readonly OracleEvent[]): Tables {
  const identity = resolveIdentity(events)
  const sessions = findSessions(events)
  const sessionOf = new Map(
    sessions.flatMap((session) => session.events.map((event) => [event, session] as const)),
  )
  const counted = events.map((event) => ({
    event,
    person: identity.personOf(event),
    session: sessionOf.get(event),
  }))
  return {
    events: rows(events.map(({ id, at }) => ({ id, at }))),
    persons: rows(counted.map(({ event: { id }, person }) => ({ id, person }))),
    identities: rows(identity.owners),
    joined: rows([...identity.joined].map(([user, person]) => ({ user, person }))),
    sessions: rows(sessions.map((session) => describeSession(session, identity.personOf))),
    rollup_minute: rows(countWindows(counted, 60_000)),
    rollup_hour: rows(countWindows(counted, 3_600_000)),
    rollup_hour_fields: rows(countFields(counted)),
  }
}

const ROLLUP = `toUnixTimestamp(@) * 1000 AS window, event, measure, toUInt32(events) AS events,
  toUInt32(p) AS people, toUInt32(s) AS sessions, toUInt32(value_count) AS value_count, toString(value_sum) AS value_sum, value_min, value_max
FROM (
  SELECT @, event, measure, sum(t.events) AS events, uniqExactMerge(t.people) AS p, uniqExactMerge(t.sessions) AS s,
    sum(t.value_count) AS value_count, sum(t.value_sum) AS value_sum, min(t.value_min) AS value_min, max(t.value_max) AS value_max
  FROM rollup_@ AS t FINAL WHERE source = {source:String} GROUP BY ALL
)`

/** What ClickHouse has. */
export async function readTables({ query }: Pick<TestWarehouse, 'query'>, source: string): Promise<Tables> {
  const read = async (select: string) => rows(await query<object>(`SELECT ${select}`, { source }))
  return {
    events: await read(
      `message_id AS id, toFloat64(toUnixTimestamp64Milli(timestamp)) AS at FROM events FINAL WHERE source = {source:String} AND event NOT IN ('$correct', '$retract')`,
    ),
    persons: await read(
      'message_id AS id, person_id AS person FROM events_resolved WHERE source = {source:String}',
    ),
    identities:
      await read(`anonymous_id AS anonymousId, user_id AS userId, person_id AS personId, toFloat64(toUnixTimestamp64Milli(valid_from)) AS from, toFloat64(toUnixTimestamp64Milli(valid_to)) AS to, evidence_id AS evidenceId
      FROM identities FINAL WHERE source = {source:String} AND anonymous_id != ''`),
    joined: await read(
      `user_id AS user, person_id AS person FROM identities FINAL WHERE source = {source:String} AND anonymous_id = ''`,
    ),
    sessions:
      await read(`visitor_id, person_id, user_id, if(is_client_session, session_id, '') AS client_id, session_index,
      toFloat64(toUnixTimestamp64Milli(started_at)) AS started_at, toFloat64(toUnixTimestamp64Milli(ended_at)) AS ended_at,
      duration_seconds, engaged_seconds, events, page_views, is_bounce, entry_page, exit_page, campaign_source, campaign_medium, campaign_name, country
      FROM sessions FINAL WHERE source = {source:String}`),
    rollup_minute: await read(ROLLUP.replaceAll('@', 'minute')),
    rollup_hour: await read(ROLLUP.replaceAll('@', 'hour')),
    rollup_hour_fields:
      await read(`toUnixTimestamp(hour) * 1000 AS window, field, event, value, toUInt32(n) AS events, toUInt32(p) AS people
      FROM (
        SELECT hour, field, event, value, sum(t.events) AS n, uniqExactMerge(t.people) AS p
        FROM rollup_hour_fields AS t FINAL
        WHERE source = {source:String} AND field IN ('${Object.keys(ORACLE_FIELDS).join("', '")}') GROUP BY ALL
      )`),
  }
}

function rows(items: readonly object[]): string[] {
  return items.map((item) => JSON.stringify(item)).sort()
}
