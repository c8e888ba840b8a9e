/** Classes what brought a person to a page, by the referrer and by what the page's own address says of a campaign. */

import type { CampaignFacts, ReferrerClass, ReferrerFacts } from '@millrace/schemas'
import { CLICK_IDS_BY_NAME, type ClickId } from './click-ids.ts'
import { type KnownReferrer, REFERRER_APPS, REFERRER_HOSTS, REFERRER_SOURCES } from './referrer-hosts.ts'
import { readShortText } from './short-text.ts'

/** What a referrer reader looks at. */
export interface ReferrerInput {
  /** Address that the person came from, as `document.referrer` gives it; empty when there was none. */
  referrer: string
  /** Address of the page; empty when not known. */
  pageUrl: string
  /** What the page's address says of a campaign. */
  campaign?: CampaignFacts
}

/** Scheme, user info, host, port, as far as a web address needs them. Source: RFC 3986, section 3.2. */
const WEB_ADDRESS = /^https?:\/\/(?:[^/?#@\\\s]*@)?([\w.-]+|\[[\da-f:.]+\])(?::\d{0,5})?(?:[/?#\\]|$)/i

/** Apps give their package as host. Source: Android, `Intent.URI_ANDROID_APP_SCHEME`. */
const APP_ADDRESS = /^android-app:\/\/([\w.]+)(?:[/?#]|$)/i

/** Longest name of a host. Source: RFC 1035, section 2.3.4. */
const MAX_HOST_LENGTH = 253

/** Media that are paid for; so is every one with the word `paid` in it. */
const PAID_MEDIA: ReadonlySet<string> = new Set([
  ...['cpc', 'ppc', 'cpm', 'cpv', 'cpa', 'cpl', 'cpe', 'cpi', 'cpp', 'ppv', 'sem', 'ad', 'ads', 'adwords'],
  ...['display', 'banner', 'expandable', 'interstitial', 'retargeting', 'remarketing', 'programmatic'],
  ...['sponsored', 'native'],
])

const PAID_WORD = /(?:^|[^a-z])paid/

const EMAIL_MEDIA: ReadonlySet<string> = new Set([
  ...['email', 'e-mail', 'e_mail', 'e mail', 'mail', 'emailing', 'newsletter'],
])

const SOCIAL_MEDIA: ReadonlySet<string> = new Set([
  ...['social', 'social-network', 'social-media', 'social_network', 'social_media', 'social network'],
  ...['social media', 'socialmedia', 'sm', 'organic-social', 'organic_social', 'organic social'],
])

const SEARCH_MEDIA: ReadonlySet<string> = new Set([
  ...['organic', 'seo', 'organic-search', 'organic_search', 'organic search'],
])

const REFERRAL_MEDIA: ReadonlySet<string> = new Set(['referral', 'affiliate', 'affiliates', 'link'])

/**
 * A function that classes referrers; it never throws. The first that holds:
 *
 * 1. `paid`, `email`: the campaign's medium or a click id that is only on paid links says so
 * 2. `internal`: the page's own host, with or without `www.`, or one of `internalHosts` or below it
 * 3. `paid`, `email`, `search`, `social`: by the referring host
 * 4. `social`, `search`, `referral`: by the medium, or a click id that is on unpaid links too
 * 5. `referral`: any other address
 * 6. `direct`: no referrer
 *
 * `undefined` when nothing is known: neither page nor referrer nor campaign, or a referrer that is no address of the web
 * or of an Android app (`about:blank`, `file:`, free text). The name is that of the site, of the network that set the
 * click id, of the campaign's source, or the referring host without `www.`, whichever is known first.
 */
export function createReferrerReader(
  internalHosts: readonly string[],
): (input: ReferrerInput) => ReferrerFacts | undefined {
  const ownHosts: ReadonlySet<string> = new Set(internalHosts.map((host) => bareHost(host.toLowerCase())))
  return ({ referrer, pageUrl, campaign }) => {
    const sender = referrer === '' ? {} : readSender(referrer)
    const isInternal = sender?.host !== undefined && isOwn(sender.host, pageUrl, ownHosts)
    const tag = campaign === undefined ? undefined : classifyCampaign(campaign)
    const tagged = tag && buildFacts(tag.class, nameOf(isInternal ? {} : sender, tag, campaign))
    if (tagged?.class === 'paid' || tagged?.class === 'email') return tagged
    if (isInternal) return { class: 'internal' }
    if (sender?.known !== undefined && sender.known.class !== 'referral') return { ...sender.known }
    if (tagged !== undefined || sender === undefined) return tagged
    if (sender.host !== undefined) return buildFacts('referral', nameOf(sender, undefined, undefined))
    return pageUrl === '' && campaign === undefined ? undefined : { class: 'direct' }
  }
}

/** Where a person came from. */
interface Sender {
  /** In lower case and without `www.`; of an app its package. */
  host?: string
  known?: KnownReferrer | undefined
}

/** What a campaign says of the class, and the click id that says so. */
interface CampaignTag {
  class: Extract<ReferrerClass, 'paid' | 'email' | 'social' | 'search' | 'referral'>
  click?: ClickId | undefined
}

function readSender(referrer: string): Sender | undefined {
  const host = readHost(referrer)
  if (host !== undefined) return { host, known: findKnown(host) }
  const app = APP_ADDRESS.exec(referrer)?.[1]?.toLowerCase()
  if (app === undefined || app.length > MAX_HOST_LENGTH) return undefined
  return { host: app, known: REFERRER_APPS.get(app) }
}

function readHost(url: string): string | undefined {
  const host = WEB_ADDRESS.exec(url)?.[1]
  return host === undefined || host.length > MAX_HOST_LENGTH ? undefined : bareHost(host.toLowerCase())
}

function bareHost(host: string): string {
  const start = host.startsWith('www.') ? 4 : 0
  return host.slice(start, host.endsWith('.') ? -1 : undefined)
}

function findKnown(host: string): KnownReferrer | undefined {
  return firstAbove(host, (domain) => REFERRER_HOSTS.get(domain))
}

function isOwn(host: string, pageUrl: string, ownHosts: ReadonlySet<string>): boolean {
  if (host === readHost(pageUrl)) return true
  return ownHosts.size > 0 && firstAbove(host, (domain) => ownHosts.has(domain) || undefined) === true
}

/** What `find` gives for the host or else the nearest domain above it. */
function firstAbove<T>(host: string, find: (domain: string) => T | undefined): T | undefined {
  let domain = host
  for (;;) {
    const found = find(domain)
    if (found !== undefined) return found
    const dot = domain.indexOf('.')
    if (dot === -1) return undefined
    domain = domain.slice(dot + 1)
  }
}

function classifyCampaign({ medium, clickIdType }: CampaignFacts): CampaignTag | undefined {
  const click = clickIdType === undefined ? undefined : CLICK_IDS_BY_NAME.get(clickIdType.toLowerCase())
  const word = medium?.trim().toLowerCase() ?? ''
  if (click?.isPaid || PAID_MEDIA.has(word) || PAID_WORD.test(word)) return { class: 'paid', click }
  if (EMAIL_MEDIA.has(word)) return { class: 'email' }
  if (SOCIAL_MEDIA.has(word) || click !== undefined) return { class: 'social', click }
  if (SEARCH_MEDIA.has(word)) return { class: 'search' }
  return REFERRAL_MEDIA.has(word) ? { class: 'referral' } : undefined
}

function nameOf(
  sender: Sender | undefined,
  tag: CampaignTag | undefined,
  campaign: CampaignFacts | undefined,
): string | undefined {
  return sender?.known?.name ?? tag?.click?.network ?? nameSource(campaign?.source) ?? sender?.host
}

/** `utm_source` as a name: `google`, `fb` and `m.facebook.com` are sites that we know; others stay as they are. */
function nameSource(source: string | undefined): string | undefined {
  const word = source?.trim().toLowerCase() ?? ''
  if (word === '') return undefined
  const isHost = word.includes('.') && word.length <= MAX_HOST_LENGTH
  const name = REFERRER_SOURCES.get(word) ?? (isHost ? findKnown(bareHost(word))?.name : undefined)
  return name ?? readShortText(source)
}

function buildFacts(className: ReferrerClass, name: string | undefined): ReferrerFacts {
  return name === undefined ? { class: className } : { class: className, name }
}
