/** Tells a client what a visitor has said elsewhere: to a consent platform, or on an earlier page. */

import type { Consent } from '../api.ts'
import { guard, install, listen, type Page, type PluginClient, type Stop } from './plugin.ts'

/** The part of TCF's `TCData` that is used (IAB TCF v2.2, CMP API, TCData). */
interface TcData {
  eventStatus?: 'tcloaded' | 'cmpuishown' | 'useractioncomplete'
  gdprApplies?: boolean
  listenerId?: number
  purpose?: { consents?: Record<string, boolean> }
}

/** The globals of consent platforms. */
type ConsentPage = Page & {
  __tcfapi?: (
    command: string,
    version: number,
    callback: (data: TcData, isSuccess: boolean) => void,
    parameter?: unknown,
  ) => void
  /** Groups that may be used, such as `,C0001,C0002,`. */
  OnetrustActiveGroups?: string
  /** `IsAlertBoxClosed` tells whether the visitor has chosen. */
  OneTrust?: { IsAlertBoxClosed?: () => boolean }
}

/** Options of {@link followTcf}. */
export interface FollowTcfOptions {
  /** Keys are your purposes, values the numbers of TCF's (1 to 11) that all must be allowed, e.g. `{ analytics: [1, 8] }`. */
  purposes: Record<string, readonly number[]>
  /** The page to watch. Default: the one that the script runs in. */
  window?: Page
}

/** Options of {@link followOneTrust}. */
export interface FollowOneTrustOptions {
  /** Keys are your purposes, values OneTrust's groups, e.g. `{ analytics: 'C0002' }`. */
  purposes: Record<string, string>
  /** The page to watch. Default: the one that the script runs in. */
  window?: Page
}

/** Options of {@link rememberConsent}. */
export interface RememberConsentOptions {
  /** Key in the storage. Default `millrace_consent`. */
  key?: string
  /** Default: the page's `localStorage`. */
  storage?: Storage
  /** The page whose storage it is. Default: the one that the script runs in. */
  window?: Page
}

/**
 * Follows a platform of IAB's Transparency and Consent Framework, version 2, whose stub (`__tcfapi`) is on the page
 * already. The client hears of a choice as soon as there is one, made now or earlier, and of each change. Where the
 * platform says that the GDPR does not apply, all is granted, but not for those who send Global Privacy Control. Start the
 * client with `consent: 'pending'`.
 *
 * @example
 * import { createMillrace } from '@millrace/web'
 * import { followTcf } from '@millrace/web/consent'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com', consent: 'pending' })
 * followTcf(millrace, { purposes: { analytics: [1, 8] } })
 *
 * @returns a function that ends it
 */
export function followTcf(client: PluginClient, { purposes, window: given }: FollowTcfOptions): Stop {
  return install(given, (window: ConsentPage, signal) => {
    let listenerId: number | undefined
    const handle = guard((data: TcData, isSuccess: boolean) => {
      listenerId ??= data?.listenerId
      const isDecided = data?.eventStatus === 'tcloaded' || data?.eventStatus === 'useractioncomplete'
      if (!isSuccess || signal.aborted || !(isDecided || data?.gdprApplies === false)) return
      const allowed = data.purpose?.consents
      const isGranted = (ids: readonly number[]) => ids.every((id) => allowed?.[id])
      const browser = window.navigator as { globalPrivacyControl?: boolean } | undefined
      const isFree = data.gdprApplies === false && !browser?.globalPrivacyControl
      client.consent(decide(purposes, (ids) => isFree || isGranted(ids)))
    })
    window.__tcfapi?.('addEventListener', 2, handle)
    signal.addEventListener('abort', () => window.__tcfapi?.('removeEventListener', 2, () => {}, listenerId))
  })
}

/**
 * Follows OneTrust. Its groups that are active are granted at once, as they are where consent is not asked for; the
 * others are denied once the visitor has chosen, and left alone until then. Start the client with `consent: 'pending'`.
 *
 * @example
 * import { createMillrace } from '@millrace/web'
 * import { followOneTrust } from '@millrace/web/consent'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com', consent: 'pending' })
 * followOneTrust(millrace, { purposes: { analytics: 'C0002' } })
 *
 * @returns a function that ends it
 */
export function followOneTrust(client: PluginClient, options: FollowOneTrustOptions): Stop {
  return install(options.window, (window: ConsentPage, signal) => {
    const apply = () => {
      const active = window.OnetrustActiveGroups?.split(',')
      if (!active) return
      const consent = decide(options.purposes, (group) => active.includes(group))
      if (!window.OneTrust?.IsAlertBoxClosed?.()) {
        for (const [purpose, state] of Object.entries(consent))
          if (state === 'denied') delete consent[purpose]
      }
      client.consent(consent)
    }
    listen(window, ['OneTrustGroupsUpdated'], apply, signal)
    apply()
  })
}

/**
 * Keeps what a visitor has said for later pages, and gives it to the client now if it was kept before. Only a choice
 * that grants something is kept; one that grants nothing removes it, so a visitor who denies leaves no storage behind.
 * A site that does not want to ask them again has to remember that itself.
 *
 * @example
 * import { createMillrace } from '@millrace/web'
 * import { rememberConsent } from '@millrace/web/consent'
 *
 * const millrace = createMillrace({ writeKey: 'wk_shop', endpoint: 'https://events.example.com', consent: 'pending' })
 * rememberConsent(millrace)
 * millrace.consent('granted')
 * // Later pages know it.
 *
 * @returns a function that ends it; what is kept stays
 */
export function rememberConsent(client: PluginClient, options: RememberConsentOptions = {}): Stop {
  const { key = 'millrace_consent' } = options
  return install(options.window, (window, signal) => {
    const storage = options.storage ?? window.localStorage
    const kept = parse(storage.getItem(key))
    if (kept) client.consent(kept)
    const keep = guard((consent: Readonly<Consent>) => {
      const choice = Object.entries(consent).filter(([, state]) => state !== 'pending')
      if (choice.some(([, state]) => state === 'granted')) {
        storage.setItem(key, JSON.stringify(Object.fromEntries(choice)))
      } else storage.removeItem(key)
    })
    signal.addEventListener('abort', client.on('consent', keep))
  })
}

/** A choice by our purposes. */
function decide<Theirs>(purposes: Record<string, Theirs>, isGranted: (theirs: Theirs) => boolean): Consent {
  const states = Object.entries(purposes).map(([purpose, theirs]) => {
    return [purpose, isGranted(theirs) ? 'granted' : 'denied'] as const
  })
  return Object.fromEntries(states)
}

/** What was kept; anything else that may be under that key is nothing. */
function parse(text: string | null): Consent | undefined {
  try {
    const states = Object.entries(JSON.parse(text ?? '') as object)
    return Object.fromEntries(states.filter(([, state]) => state === 'granted' || state === 'denied'))
  } catch {
    return undefined
  }
}
