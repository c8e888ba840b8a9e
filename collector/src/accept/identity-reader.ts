/** Whose event it is, where the source leaves that to the edge: an HttpOnly cookie, or an id that lasts a day. */

import type { EventFacts, ParsedEvent } from '@millrace/schemas'
import { DEFAULT_COOKIE_NAME, decideCookieId, readIdCookie } from '../identity/cookie.ts'
import type { EdgeTools } from './edge-tools.ts'
import type { Sender } from './sender.ts'
import type { SourceRules } from './source-rules.ts'

/** Assigns ids to the events of one batch. */
export interface IdentityReader {
  /** What tells visitors apart before any event is read; absent where that is left to the client. */
  visitorId?: string | undefined
  /**
   * Changes the event's `anonymousId` as the source's policy says, and notes the client's own in the facts. Returns whether
   * the id is the edge's to give.
   */
  assign: (event: ParsedEvent, facts: EventFacts) => boolean
  /** The id to set as a cookie with the answer: only when an event was assigned one, so not for who refuses. */
  cookieId: () => string | undefined
}

/** Leaves every event as it is: history, replays, and events that a server passes on. */
export const CLIENT_IDENTITY: IdentityReader = { assign: () => false, cookieId: () => undefined }

/** Gives every event the id that the edge gave it when it came; the request that it came with is gone. */
export function createKnownIdentity(anonymousId: string, clientAnonymousId?: string): IdentityReader {
  return {
    assign(event, facts) {
      replaceId(event, anonymousId)
      if (clientAnonymousId !== undefined) facts.clientAnonymousId = clientAnonymousId
      return true
    },
    cookieId: () => undefined,
  }
}

/**
 * The reader for one request.
 *
 * @throws when the day's salt cannot be had; the batch must then be sent again
 */
export async function createIdentityReader(
  rules: SourceRules,
  sender: Sender,
  tools: EdgeTools,
  cookieHeader: string | null,
): Promise<IdentityReader> {
  const { identity, source } = rules
  if (identity.kind === 'client' || sender.agentKind === 'server') return CLIENT_IDENTITY
  if (identity.kind === 'cookie') {
    return createCookieIdentity(
      readIdCookie(cookieHeader, identity.name ?? DEFAULT_COOKIE_NAME),
      sender,
      tools,
    )
  }
  if (tools.cookielessId === undefined) return CLIENT_IDENTITY
  const id = await tools.cookielessId(source, sender.address ?? '', sender.userAgent ?? '')
  return {
    visitorId: id,
    assign(event, facts) {
      if (isForeign(facts, sender)) return false
      replaceId(event, id)
      return true
    },
    cookieId: () => undefined,
  }
}

function createCookieIdentity(
  known: string | undefined,
  sender: Sender,
  { randomId }: Pick<EdgeTools, 'randomId'>,
): IdentityReader {
  let toSet: string | undefined
  return {
    visitorId: known,
    assign(event, facts) {
      if (isForeign(facts, sender)) return false
      const decided = decideCookieId({
        // Of what one browser sends together, all is one person's, whatever its tabs call themselves.
        cookieId: known ?? toSet,
        clientId: event.anonymousId,
        randomId,
      })
      replaceId(event, decided.anonymousId)
      if (decided.clientAnonymousId !== undefined) facts.clientAnonymousId = decided.clientAnonymousId
      toSet = decided.shouldSet
      return true
    },
    cookieId: () => toSet,
  }
}

/** An `alias` names the client's id once more, as the one that it leaves. */
function replaceId(event: ParsedEvent, id: string): void {
  if (event.previousId !== undefined && event.previousId === event.anonymousId) event.previousId = id
  event.anonymousId = id
}

/** Any page can name an address, but not thereby get out of what holds for browsers. */
function isForeign({ isRelayed }: EventFacts, { agentKind }: Sender): boolean {
  return isRelayed === true && agentKind !== 'browser'
}
