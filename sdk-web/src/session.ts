/** Tells which visit an event belongs to, from the times of events and what other tabs have noted. */

import type { JsonObject } from '@millrace/schemas/wire'
import { mintId } from './ids.ts'
import { withoutFragment } from './stamp.ts'
import type { Store } from './store.ts'

const KEY = 'session'

/** Parameters by which a link says where it was found: campaigns (`utm_*`) and click ids of advertising networks. */
const CAMPAIGN_PARAMETER = /^utm_|cl(ic)?k?id$|^[gw]braid$|^(li_fat_id|epik|igshid|sccid|rdt_cid)$/i

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

  /** Takes over what this or another tab has noted. */
  function load(): void {
    const { 0: noted, 1: notedMs } = (store.load(KEY) ?? {}) as { 0?: Session; 1?: number }
    if (noted?.id) [session, lastMs] = [noted, notedMs || 0]
  }
  function isOver(timeMs: number, href: string): boolean {
    const { sessionTimeoutMs, sessionPerDay, sessionPerCampaign } = settings
    return (
      !session ||
      timeMs - lastMs > sessionTimeoutMs ||
      (sessionPerDay && new Date(timeMs).getDate() !== new Date(lastMs).getDate()) ||
      (sessionPerCampaign &&
        !['{}', JSON.stringify(session.campaign)].includes(JSON.stringify(readCampaign(href))))
    )
  }

  function save(): void {
    if (session) store.keep(KEY, [session, lastMs])
  }

  return {
    sessionOf(timeMs, href) {
      if (isOver(timeMs, href)) load()
      if (!session || isOver(timeMs, href)) {
        const index = (session?.index || 0) + 1
        const start = new Date(timeMs).toISOString()
        session = { id: mintId(), index, start, campaign: readCampaign(href) }
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
  // Cut, as `page.url` is: so much may stand in every event.
  new URL(withoutFragment(href)).searchParams.forEach((value, name) => {
    if (CAMPAIGN_PARAMETER.test(name)) found[name] = value
  })
  return found
}
