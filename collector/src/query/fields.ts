/** The fields that questions can name, and the SQL that reads each: closed tables, and paths into what people sent. */

import { findPathSql, type Sql, sql } from '@millrace/schemas/sql'
import { findLookupField } from './lookup-fields.ts'

/** A field of events or sessions. */
export interface Field {
  name: string
  /** What filters compare: `text` as text, `number` as number, `bool` as true or false, `json` as text or number. */
  kind: 'text' | 'number' | 'bool' | 'json'
  /** Its value as text; empty where there is none. */
  text: Sql
  /** Its value as a number, `NULL` where it is none; absent where it never is one. */
  number?: Sql
}

/** Finds a field by its name; `undefined` when there is none. */
export type FindField = (name: string) => Field | undefined

/** Columns of text that events and sessions both have. */
const SHARED_TEXTS = {
  session_id: sql`session_id`,
  visitor_id: sql`visitor_id`,
  person_id: sql`person_id`,
  user_id: sql`user_id`,
  country: sql`country`,
  region: sql`region`,
  city: sql`city`,
  device_type: sql`device_type`,
  browser_name: sql`browser_name`,
  os_name: sql`os_name`,
  referrer_class: sql`referrer_class`,
  referrer_name: sql`referrer_name`,
  campaign_source: sql`campaign_source`,
  campaign_medium: sql`campaign_medium`,
  campaign_name: sql`campaign_name`,
  campaign_term: sql`campaign_term`,
  campaign_content: sql`campaign_content`,
  campaign_id: sql`campaign_id`,
  click_id_type: sql`click_id_type`,
}

const EVENT_FIELDS = new Map<string, Field>([
  ...texts({
    type: sql`type`,
    event: sql`event`,
    name: sql`name`,
    category: sql`category`,
    anonymous_id: sql`anonymous_id`,
    group_id: sql`group_id`,
    page_url: sql`page_url`,
    page_path: sql`page_path`,
    page_search: sql`page_search`,
    page_referrer: sql`page_referrer`,
    page_title: sql`page_title`,
    locale: sql`locale`,
    library_name: sql`library_name`,
    library_version: sql`library_version`,
    route: sql`route`,
    continent: sql`continent`,
    time_zone: sql`time_zone`,
    as_organization: sql`as_organization`,
    device_brand: sql`device_brand`,
    device_model: sql`device_model`,
    browser_version: sql`browser_version`,
    os_version: sql`os_version`,
    bot_name: sql`bot_name`,
    plan_version: sql`plan_version`,
    ...SHARED_TEXTS,
  }),
  ...numbers({ session_index: sql`session_index`, asn: sql`asn` }),
  ...bools({ is_bot: sql`is_bot`, gpc: sql`gpc`, is_anonymized: sql`is_anonymized` }),
])

const SESSION_FIELDS = new Map<string, Field>([
  ...texts({
    entry_page: sql`entry_page`,
    exit_page: sql`exit_page`,
    entry_url: sql`entry_url`,
    ...SHARED_TEXTS,
  }),
  ...numbers({
    session_index: sql`session_index`,
    duration_seconds: sql`duration_seconds`,
    engaged_seconds: sql`engaged_seconds`,
    events: sql`events`,
    page_views: sql`page_views`,
  }),
  ...bools({ is_bounce: sql`is_bounce`, is_bot: sql`is_bot`, is_client_session: sql`is_client_session` }),
])

/** Names of the fields of events, without paths. */
export const EVENT_FIELD_NAMES: readonly string[] = [...EVENT_FIELDS.keys()]

/** Names of the fields of sessions. */
export const SESSION_FIELD_NAMES: readonly string[] = [...SESSION_FIELDS.keys()]

/** A field of events: a column, a path such as `properties.plan`, or what a lookup table says of one of these. */
export const findEventField: FindField = (name) => findOwn(name) ?? findLookupField(name, findOwn)

const findOwn: FindField = (name) => EVENT_FIELDS.get(name) ?? findPath(name)

/** A field of sessions. */
export const findSessionField: FindField = (name) => SESSION_FIELDS.get(name)

function findPath(name: string): Field | undefined {
  const path = findPathSql(name)
  return path === undefined ? undefined : { ...path, name, kind: 'json' }
}

function texts(columns: Record<string, Sql>): [string, Field][] {
  return Object.entries(columns).map(([name, column]) => [name, { name, kind: 'text', text: column }])
}

function numbers(columns: Record<string, Sql>): [string, Field][] {
  return Object.entries(columns).map(([name, column]) => [
    name,
    { name, kind: 'number', text: sql`toString(${column})`, number: sql`toFloat64(${column})` },
  ])
}

function bools(columns: Record<string, Sql>): [string, Field][] {
  return Object.entries(columns).map(([name, column]) => [
    name,
    { name, kind: 'bool', text: sql`toString(${column})` },
  ])
}
