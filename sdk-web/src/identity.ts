/** Knows who the visitor is, and keeps it across pages where that is allowed. */

import { attempt } from './attempt.ts'
import type { CookiePage } from './cookie.ts'
import { readIdCookie, writeIdCookie } from './cookie.ts'
import { mintId } from './ids.ts'
import type { Store } from './store.ts'

const KEY = 'person'

/** What is stored leaves out what is not known. */
const NOBODY: Person = { userId: undefined, groupId: undefined, traits: undefined }

/** Who the visitor is; never changed in place, so that an event may keep the person of its moment. */
export interface Person {
  /** Undefined until storage may be asked: while consent is pending. */
  readonly anonymousId?: string | undefined
  readonly userId?: string | undefined
  readonly groupId?: string | undefined
  /** What was said of the person with this user id. */
  readonly traits?: object | undefined
}

/** The identity of this page's visitor. */
export interface Identity {
  person(): Person
  /** Changes some fields; written down by `save`. */
  change(fields: Person): void
  /** The person of an event's moment, completed by what was stored when it could not be read then. */
  complete(person: Person): Person
  /**
   * Reads what is stored, with a new anonymous id where nothing is: from the cookie, which hosts of one site share, else
   * from storage. What was said on this page and not written yet wins. Writes both, so that either heals the other.
   */
  sync(): void
  /** Writes what has changed. */
  save(): void
  /** Forgets everything, here and in the cookie. */
  forget(): void
}

/**
 * Creates the identity of a person of whom nothing is known yet; reads and writes nothing. In a sandboxed frame, cookies are
 * refused: then the id lives in storage, if there is any, or as long as the page.
 *
 * @param isOpen whether the cookie may be read and written now
 */
export function createIdentity(
  store: Store,
  page: CookiePage,
  isOpen: () => boolean,
  now: () => number,
): Identity {
  let person: Person = {}
  let stored: Person = {}
  /** What was said and is not written yet. */
  let changes: Person | undefined

  function change(fields: Person): void {
    person = { ...person, ...fields }
    changes = { ...changes, ...fields }
  }
  function save(): void {
    if (!changes) return
    // Another window may have said something else meanwhile.
    store.keep(KEY, { ...(store.load(KEY) as Person), ...changes })
    changes = undefined
    if (isOpen()) attempt(() => writeIdCookie(page, person.anonymousId, now()))
  }

  return {
    person: () => person,
    change,
    complete: (then) => ({ ...stored, ...then }),
    sync() {
      let known = store.load(KEY) as Person | undefined
      const inCookie = isOpen() && attempt(() => readIdCookie(page))
      // On another host of the site the visitor was forgotten, or became another one.
      if (inCookie && known?.anonymousId && known.anonymousId !== inCookie) {
        store.keep(KEY)
        known = {}
      }
      // A page that may store nothing keeps whom it knows.
      const anonymousId = inCookie || known?.anonymousId || person.anonymousId || mintId()
      stored = { ...(known && NOBODY), ...known, anonymousId }
      person = { ...person, ...stored, ...changes }
      change({ anonymousId: person.anonymousId })
      save()
    },
    save,
    forget() {
      person = stored = {}
      changes = undefined
      attempt(() => writeIdCookie(page, undefined, 0))
    },
  }
}
