/** Reads what an advertiser wrote into a link: campaign parameters and click ids. */

import type { CampaignFacts, JsonValue } from '@millrace/schemas'
import { isObject } from '../json-object.ts'
import { CLICK_IDS, CLICK_IDS_BY_NAME, type ClickId } from './click-ids.ts'
import { readShortText } from './short-text.ts'

/** What {@link readCampaign} looks at. */
export interface CampaignInput {
  /** Address of the page; empty when not known. */
  pageUrl: string
  /** Query of the page with or without its `?`; when it is empty, the query of `pageUrl` is read. */
  search: string
  /** The event's `context.campaign`, as Segment specifies it: an object of name, source, medium, term, content, id. */
  context: JsonValue | undefined
}

/** Longest value, in UTF-16 units; the rest is cut off. */
const MAX_VALUE_LENGTH = 512

type CampaignField = 'source' | 'medium' | 'name' | 'term' | 'content' | 'id'

const FIELDS: readonly CampaignField[] = ['source', 'medium', 'name', 'term', 'content', 'id']

const FIELDS_BY_PARAMETER: ReadonlyMap<string, CampaignField> = new Map([
  ['utm_source', 'source'],
  ['utm_medium', 'medium'],
  ['utm_campaign', 'name'],
  ['utm_term', 'term'],
  ['utm_content', 'content'],
  ['utm_id', 'id'],
])

/** Whether a query can hold anything of interest. Most do not, and are then not parsed. */
const INTERESTING = new RegExp(['utm_', ...CLICK_IDS.map(({ type }) => type)].join('|'), 'i')

/**
 * Campaign of an event; `undefined` when nothing names one. What `context.campaign` says wins, field by field, over
 * `utm_*`. Of a parameter that is there twice the first one with a value counts. Never throws.
 */
export function readCampaign({ pageUrl, search, context }: CampaignInput): CampaignFacts | undefined {
  const query = search === '' ? queryOf(pageUrl) : search
  const given = readGiven(context)
  if (!INTERESTING.test(query)) return given
  const found = { ...readQuery(query), ...given }
  return Object.keys(found).length === 0 ? undefined : found
}

function queryOf(url: string): string {
  const start = url.indexOf('?')
  if (start === -1) return ''
  const end = url.indexOf('#')
  return end === -1 ? url.slice(start) : url.slice(start, end)
}

function readGiven(campaign: JsonValue | undefined): CampaignFacts | undefined {
  if (!isObject(campaign)) return undefined
  const given: CampaignFacts = {}
  for (const field of FIELDS) {
    const value = campaign[field]
    const text = readShortText(typeof value === 'number' ? String(value) : value, MAX_VALUE_LENGTH)
    if (text !== undefined) given[field] = text
  }
  return Object.keys(given).length === 0 ? undefined : given
}

function readQuery(query: string): CampaignFacts {
  const facts: CampaignFacts = {}
  const clicks = new Map<ClickId, string>()
  // By hand: iterating `URLSearchParams` crosses into the runtime for each parameter and takes seven times as long.
  for (const pair of query.startsWith('?') ? query.slice(1).split('&') : query.split('&')) {
    const equals = pair.indexOf('=')
    if (equals === -1) continue
    const name = decode(pair.slice(0, equals)).toLowerCase()
    const field = FIELDS_BY_PARAMETER.get(name)
    const clickId = CLICK_IDS_BY_NAME.get(name)
    if (field === undefined && clickId === undefined) continue
    const text = readShortText(decode(pair.slice(equals + 1)), MAX_VALUE_LENGTH)
    if (text === undefined) continue
    if (field !== undefined) facts[field] ??= text
    if (clickId !== undefined && !clicks.has(clickId)) clicks.set(clickId, text)
  }
  const first = CLICK_IDS.find((clickId) => clicks.has(clickId))
  const clickId = first === undefined ? undefined : clicks.get(first)
  if (first === undefined || clickId === undefined) return facts
  return { ...facts, clickIdType: first.type, clickId }
}

/** As a form is decoded. What is no valid escape is left to the platform's decoder, which keeps it as it is. */
function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  return new URLSearchParams(`x=${text}`).get('x') ?? ''
}
