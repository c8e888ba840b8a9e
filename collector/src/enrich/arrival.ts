/** What brought a person to a page: campaign and referrer. A site has few distinct ones, so what was read is remembered. */

import type { CampaignFacts, JsonValue, ReferrerFacts } from '@millrace/schemas'
import { readCampaign } from './campaign.ts'
import { createMemo } from './memo.ts'
import type { ReferrerInput } from './referrer.ts'

/** What an event says of its page. */
export interface PageInput {
  /** Address of the page; empty when not known. */
  pageUrl: string
  /** Query of the page; empty when it is to be read from `pageUrl`. */
  search: string
  /** Empty when there was none. */
  referrer: string
  /** The event's `context.campaign`. */
  campaign: JsonValue | undefined
}

/** What is known of how a person came. Shared between events, and so frozen. */
export interface Arrival {
  campaign?: CampaignFacts
  referrer?: ReferrerFacts
}

/** What a source wants to know. */
export interface ArrivalOptions {
  hasCampaign: boolean
  /** Absent when the source does not class referrers. */
  readReferrer: ((input: ReferrerInput) => ReferrerFacts | undefined) | undefined
  /** Distinct arrivals that are remembered. Default 1,000, about 2 MB at worst. */
  maxEntries?: number
}

/** Longest key that is remembered, in UTF-16 units; real ones have under 500. */
const MAX_KEY_LENGTH = 1_024

/** A reader for one source; it never throws. */
export function createArrivalReader({
  hasCampaign,
  readReferrer,
  maxEntries = 1_000,
}: ArrivalOptions): (page: PageInput) => Arrival {
  const memo = createMemo<Arrival>(maxEntries)
  const read = ({ pageUrl, search, referrer: stated, campaign: context }: PageInput): Arrival => {
    const campaign = hasCampaign ? readCampaign({ pageUrl, search, context }) : undefined
    // An event that knows no page has no referrer either; `direct` would be a guess.
    const isOnPage = pageUrl !== '' || stated !== ''
    const tag = campaign === undefined ? {} : { campaign }
    const referrer = isOnPage ? readReferrer?.({ referrer: stated, pageUrl, ...tag }) : undefined
    return Object.freeze({
      ...(campaign === undefined ? {} : { campaign: Object.freeze(campaign) }),
      ...(referrer === undefined ? {} : { referrer: Object.freeze(referrer) }),
    })
  }
  return (page) => {
    const key = keyOf(page)
    return key.length > MAX_KEY_LENGTH ? read(page) : memo(key, () => read(page))
  }
}

/** An address has no line break, so none that has one can pass for another. */
function keyOf({ pageUrl, search, referrer, campaign }: PageInput): string {
  const context = campaign === undefined ? '' : JSON.stringify(campaign)
  return `${pageUrl}\n${search}\n${referrer}\n${context}`
}
