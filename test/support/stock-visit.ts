/** What every stock SDK is made to do in the tests, and the rows that has to make, whichever SDK it was. */

/** Whose visit it is. Unlike in two runs, so that neither can be taken for the other. */
export interface Person {
  userId: string
  /** For the SDKs that keep none themselves: those of servers. */
  anonymousId: string
  groupId: string
}

/** An event as an SDK put it on the wire. */
export interface SentEvent {
  type: string
  messageId: string
  anonymousId?: string | undefined
  userId?: string | null | undefined
}

/** Which calls a visit has beside those that all SDKs make. */
export interface VisitCalls {
  /** RudderStack's browser SDK has no `screen`. */
  screen: boolean
  /** Servers have nothing to reset. */
  reset: boolean
}

/** Properties of the two `Product Added`, which are called in the same tick. */
export const PRODUCTS = [
  { sku: 'S-1', price: 12.5, tags: ['new', 'red'] },
  { sku: 'S-2', price: 3, nested: { deep: true } },
]

/** Traits of `identify`. */
export const USER_TRAITS = { email: 'ada@example.com', plan: 'pro', logins: 3 }

/** Traits of `group`. */
export const GROUP_TRAITS = { name: 'Initech', employees: 12 }

/** A person for a run of this name. */
export function createPerson(run: string): Person {
  return { userId: `user-${run}`, anonymousId: `anonymous-${run}`, groupId: `group-${run}` }
}

/** The events in the body of a request: a batch, or one event. */
export function readSentEvents(body: string): SentEvent[] {
  const parsed = JSON.parse(body) as { batch?: SentEvent[] } & SentEvent
  return parsed.batch ?? [parsed]
}

/** Columns that the visit makes, in the order of the calls, as far as all SDKs agree on them. */
export function expectedRows(person: Person, calls: VisitCalls): object[] {
  const { userId: user_id, groupId: group_id } = person
  const screen = { type: 'screen', event: 'screen', name: 'Settings', user_id }
  const signedOut = { type: 'track', event: 'Signed Out', user_id: '', properties: { last: true } }
  return [
    { type: 'page', event: 'page', name: 'Home', category: '', user_id: '', properties: { section: 'top' } },
    { type: 'alias', event: 'alias', user_id },
    { type: 'identify', event: 'identify', user_id, traits: USER_TRAITS },
    ...PRODUCTS.map((properties) => ({ type: 'track', event: 'Product Added', user_id, properties })),
    { type: 'page', event: 'page', name: 'Pricing', category: 'Shop', user_id },
    ...(calls.screen ? [screen] : []),
    { type: 'group', event: 'group', user_id, group_id, traits: GROUP_TRAITS },
    ...(calls.reset ? [signedOut] : []),
  ]
}
