/** Tells which visit an event belongs to, from the times of events and what other tabs have noted. */

import type { JsonObject } from '@millrace/schemas/wire'
import { mintId } from './ids.ts'
import type { Store } from './store.ts'

const KEY = 'session'

/** Parameters by which a link says where it was found: campaigns (`utm_*`) and click ids of advertising networks. */
const CAMPAIGN_PARAMETER = /^utm_|cl(ic)?k?id$|^[gw]braid$|^(li_fat_id|epik|igshid|sccid|rdt_cid)$/i

/** Longest value of a parameter that is kept, in UTF-16 units. */
const MAX_PARAMETER_LENGTH = 256

/** Most parameters that are kept: five of a campaign, and what networks add. */
const MAX_PARAMETERS = 20

/** A session as its events carry it in `context.session`; never changed in place. */
export interface Session extends JsonObject {
  id: string
  /** 1 for the visitor's first. */
  index: number
  /** Time of its first event, ISO 8601. */
  start: string
  /** Parameters of the address at its start that tell of a campaign. */
  campaign: JsonObject
}

/** The sessions of a visitor. */
export interface Sessions {
  /** The session of an event; times come in about their order. */
  sessionOf(timeMs: number, href: string): Session
  /** Notes for other tabs when the last event was. */
  save(): void
  /** Ends the session, so that the next event begins another. */
  finish(): void
  /** Forgets the session, and that there was one. */
  forget(): void
}

/** What ends a session, as in `MillraceOptions`. */
export interface SessionSettings {
  sessionTimeoutMs: number
  sessionPerDay: boolean
  sessionPerCampaign: boolean
}

/** Creates the sessions of a visitor. */
export function createSessions(store: Store, settings: SessionSettings): Sessions {
  let session: Session | undefined
  let lastMs = 0
  /** The last address, its campaign, and that as text. */
  let lastHref = ''
  let campaign: JsonObject = {}
  let text = ''

  /** Takes over what this or another tab has noted. */
  function load(): void {
    const { 0: noted, 1: notedMs } = (store.load(KEY) ?? {}) as { 0?: Session; 1?: number }
    if (noted?.id) [session, lastMs] = [noted, notedMs || 0]
  }
  function isOver(timeMs: number, campaign: string): boolean {
    const { sessionTimeoutMs, sessionPerDay, sessionPerCampaign } = settings
    return (
      !session ||
      timeMs - lastMs > sessionTimeoutMs ||
      (sessionPerDay && new Date(timeMs).getDate() !== new Date(lastMs).getDate()) ||
      (sessionPerCampaign && campaign !== '{}' && campaign !== JSON.stringify(session.campaign))
    )
  }

  function save(): void {
    if (session) store.keep(KEY, [session, lastMs])
  }

  return {
    sessionOf(timeMs, href) {
      if (href !== lastHref) {
        lastHref = href
        campaign = readCampaign(href)
        text = JSON.stringify(campaign)
      }
      if (isOver(timeMs, text)) load()
      if (!session || isOver(timeMs, text)) {
        const index = (session?.index || 0) + 1
        session = { id: mintId(), index, start: new Date(timeMs).toISOString(), campaign }
      }
      lastMs = timeMs
      return session
    },
    save,
    finish() {
      load()
      lastMs = 0
      save()
    },
    forget() {
      session = undefined
    },
  }
}

function readCampaign(href: string): JsonObject {
  const found: JsonObject = {}
  new URL(href).searchParams.forEach((value, name) => {
    const isOne = CAMPAIGN_PARAMETER.test(name) && Object.keys(found).length < MAX_PARAMETERS
    if (isOne) found[name.slice(0, 32)] = value.slice(0, MAX_PARAMETER_LENGTH)
  })
  return found
}
