/** The functions a page calls, in Segment's forms; recording, storing and sending is left to others. */

import type { Millrace, MillraceEvents } from './api.ts'
import { attempt } from './attempt.ts'
import { encodeCall, isObject } from './call-text.ts'
import type { Identity } from './identity.ts'
import { mintId } from './ids.ts'
import type { Call } from './recorder.ts'

/** Calls that record, and how many names may stand before what they say. */
const VERBS = { track: 1, page: 2, screen: 2, identify: 1, group: 1, alias: 2 } as const

type Verb = keyof typeof VERBS

/** Longest id that the collector takes (`MAX_ID_LENGTH` of `@millrace/schemas`): a longer one would refuse all that follows. */
const MAX_ID_LENGTH = 256

/** Tells listeners, none of whom can disturb the caller. */
export interface Emitter {
  on: Millrace['on']
  emit<Name extends keyof MillraceEvents>(name: Name, ...args: MillraceEvents[Name]): void
}

/** What calls act on. */
export interface CallTarget extends Pick<Identity, 'person' | 'change'> {
  /** Takes a call; never throws. */
  record(call: Call): void
  /** Ends the session. */
  finish(): void
}

/** Creates an emitter without listeners. */
export function createEmitter(): Emitter {
  const listeners = new Set<(name: string, args: never[]) => void>()
  return {
    on(name, listener) {
      const entry = (emitted: string, args: never[]) => {
        if (emitted === name) (listener as unknown as (...args: never[]) => void)(...args)
      }
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
    emit(name, ...args) {
      // A plugin's or the page's: it must not cost the event, or other listeners.
      if (listeners.size)
        for (const listener of [...listeners]) attempt(() => listener(name, args as never[]))
    },
  }
}

/**
 * Creates the functions that record. None of them throws.
 *
 * Names are passed on as they came, even when they are missing: the collector quarantines such an event with a reason,
 * where its owner sees it, while one that is dropped here is seen by nobody.
 *
 * @param emit tells listeners of each call
 * @param onInvalid called for a call whose arguments cannot be read
 */
export function createVerbs(
  { record, person, change, finish }: CallTarget,
  emit: Emitter['emit'],
  onInvalid: () => void,
): Pick<Millrace, Verb | 'reset' | 'user' | 'setAnonymousId'> {
  /** What a call says, as the fields of its event; changes who the visitor is. */
  function describe(type: Verb, names: unknown[], fields: object | undefined): object {
    const [first, second] = names
    const known = names.filter((name) => name !== null && name !== undefined)
    if (type === 'page' || type === 'screen') {
      const [name, category] = known.reverse()
      return { category, name, properties: fields }
    }
    const id = toId(first)
    const { userId, anonymousId, groupId, traits } = person()
    if (type === 'alias') return { userId: id, previousId: toId(second ?? userId ?? anonymousId) }
    if (type === 'group') {
      const group = { groupId: id ?? groupId }
      change(group)
      return { ...group, traits: fields }
    }
    const isOther = id && userId && id !== userId
    if (id) change({ userId: id, ...(isOther ? { anonymousId: mintId() } : {}) })
    const copy = JSON.parse(encodeCall(fields ?? {}))
    // Another person is another visitor too, of whom nothing is known.
    const merged = { ...(isOther ? {} : traits), ...copy }
    change({ traits: merged })
    return { traits: merged }
  }

  /** Whatever of the caller's throws: it is never the page that gets the error. */
  function guard(run: (arg?: unknown) => void): (arg?: unknown) => Promise<void> {
    return (arg) => {
      attempt(() => run(arg), onInvalid)
      return DONE
    }
  }

  const verbs: Record<string, unknown> = {
    reset: guard(() => {
      change({ anonymousId: mintId(), userId: undefined, groupId: undefined, traits: undefined })
      finish()
      emit('reset')
    }),
    user: () => ({
      id: () => person().userId,
      anonymousId: () => person().anonymousId,
      traits: () => ({ ...person().traits }),
    }),
    setAnonymousId: guard((id: unknown) => change({ anonymousId: toId(id) ?? mintId() })),
  }
  // The way of every event, and of the first hundreds before the browser has compiled it: no iterators, few objects and
  // functions.
  for (const name in VERBS) {
    const type = name as Verb
    const maxNames = VERBS[type]
    verbs[type] = (...args: unknown[]) => {
      try {
        let count = 0
        while (count < maxNames && count < args.length && isName(args[count], count, type)) count++
        // An alias says nothing but names.
        const fields = type === 'alias' ? undefined : toObject(args[count])
        const options = toObject(args[type === 'alias' ? count : count + 1])
        const said: Partial<Call> =
          type === 'track'
            ? { event: count ? (args[0] as string) : undefined, properties: fields as never }
            : describe(type, args.slice(0, count), fields)
        said.type = type
        said.options = options
        record(said as Call)
        emit(type, ...args)
        void callLater(args[args.length - 1])
      } catch {
        onInvalid()
      }
      return DONE
    }
  }
  return verbs as never
}

function toId(arg: unknown): string | undefined {
  return arg === null || arg === undefined ? undefined : String(arg).slice(0, MAX_ID_LENGTH)
}

function toObject(arg: unknown): object | undefined {
  return isObject(arg) ? arg : undefined
}

/** Where a page has its name, `null` stands for properties, as in Segment's API. */
function isName(arg: unknown, index: number, type: Verb): boolean {
  return !isObject(arg) && typeof arg !== 'function' && !(arg === null && index && type !== 'alias')
}

const DONE = Promise.resolve()

/** Calls a function of the page's, if it is one, after the code that runs now. Resolves at once. */
export function callLater(callback?: unknown): Promise<void> {
  if (typeof callback === 'function') queueMicrotask(callback as () => void)
  return DONE
}
