/** Visits of a small shop over four days, always the same, and what questions about them must be answered with. */

/** An event as the shop sends it, and as the oracle sees it. */
export interface ShopEvent {
  /** Milliseconds since 1970; no two are the same. */
  at: number
  type: 'page' | 'track' | 'identify'
  event: string
  path: string
  plan: string
  revenue: number | undefined
  anonymousId: string
  userId: string
  /** Whose it is once everything is known. */
  person: string
  /** The client's session; empty for visitors whose client counts none. */
  session: string
}

/** The first moment, and the first after the last. */
export const FROM = Date.UTC(2026, 9, 5)
export const TO = Date.UTC(2026, 9, 9)

const PATHS = ['/', '/pricing', '/docs', '/blog', '/cart']
const PLANS = ['free', 'pro', 'team', "o'brien", 'a,b']

/** About two thousand events of 60 visitors; every third signs in at some time. */
export function createVisits(): ShopEvent[] {
  const random = createRandom(7)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const events: ShopEvent[] = []
  for (let visitor = 0; visitor < 60; visitor++) {
    const anonymousId = `v${visitor}`
    const signsIn = visitor % 3 === 0
    const base = { anonymousId, userId: '', person: signsIn ? `u${visitor}` : anonymousId }
    const visits = Array.from(
      { length: 1 + Math.floor(random() * 8) },
      () => FROM + Math.floor(random() * (TO - FROM - 7_200_000)),
    )
    let hasSignedIn = false
    for (const [index, start] of visits.toSorted((a, b) => a - b).entries()) {
      const session = visitor % 2 === 0 ? `s${visitor}-${index}` : ''
      let at = start
      for (let count = 1 + Math.floor(random() * 8); count > 0; count--) {
        at += 1 + Math.floor(random() * 600_000)
        const common = { ...base, at, session, plan: pick(PLANS), path: pick(PATHS), revenue: undefined }
        const choice = random()
        if (signsIn && !hasSignedIn && choice < 0.2) {
          hasSignedIn = true
          events.push({ ...common, type: 'identify', event: 'identify', userId: base.person, path: '' })
        } else if (choice < 0.6) events.push({ ...common, type: 'page', event: 'page' })
        else if (choice < 0.85) events.push({ ...common, type: 'track', event: 'Product Viewed' })
        else
          events.push({
            ...common,
            type: 'track',
            event: 'Order Completed',
            revenue: Math.round(random() * 10_000) / 100,
          })
      }
    }
    // Whoever never came to it signs in at the end.
    if (signsIn && !hasSignedIn) {
      const at = TO - 1_000_000 + visitor
      events.push({
        ...base,
        at,
        session: '',
        plan: '',
        path: '',
        revenue: undefined,
        type: 'identify',
        event: 'identify',
        userId: base.person,
      })
    }
  }
  const times = new Set(events.map(({ at }) => at))
  return events.filter(({ at }) => times.delete(at))
}

/** The event on the wire. */
export function wireEvent({ at, type, event, path, plan, revenue, anonymousId, userId, session }: ShopEvent) {
  return {
    messageId: `m-${anonymousId}-${at}`,
    type,
    ...(type === 'track' ? { event } : {}),
    anonymousId,
    ...(userId === '' ? {} : { userId }),
    timestamp: new Date(at).toISOString(),
    ...(type === 'identify'
      ? { traits: { plan } }
      : { properties: { path, plan, ...(revenue === undefined ? {} : { revenue }) } }),
    context: {
      page: { path },
      locale: plan === 'pro' ? 'de-DE' : 'en-US',
      ...(session === '' ? {} : { session: { id: session, index: 1 } }),
    },
  }
}

/** Values of a key, counted. */
export function countBy(
  events: readonly ShopEvent[],
  keyOf: (event: ShopEvent) => string,
): Map<string, number> {
  const counts = new Map<string, number>()
  for (const event of events) counts.set(keyOf(event), (counts.get(keyOf(event)) ?? 0) + 1)
  return counts
}

/** People among events. */
export function peopleOf(events: readonly ShopEvent[]): number {
  return new Set(events.map(({ person }) => person)).size
}

/** How many people came to each step, tried from every beginning: the definition, not the way that it is computed. */
export function funnelOf(events: readonly ShopEvent[], steps: readonly string[], windowMs: number): number[] {
  const reached = steps.map(() => 0)
  for (const person of new Set(events.map((event) => event.person))) {
    const own = events.filter((event) => event.person === person).toSorted((a, b) => a.at - b.at)
    const best = Math.max(0, ...own.map((_, index) => depthFrom(own.slice(index), steps, windowMs)))
    for (let step = 0; step < best; step++) reached[step] = (reached[step] ?? 0) + 1
  }
  return reached
}

function depthFrom(
  [first, ...later]: readonly ShopEvent[],
  steps: readonly string[],
  windowMs: number,
): number {
  if (first === undefined || first.event !== steps[0]) return 0
  let depth = 1
  for (const { event, at } of later) {
    if (event === steps[depth] && at - first.at <= windowMs) depth += 1
  }
  return depth
}

/** Sessions: those of clients, and visits without a pause of 30 minutes of the others. */
export function sessionsOf(events: readonly ShopEvent[]): number {
  const own = new Set(events.filter(({ session }) => session !== '').map(({ session }) => session)).size
  const lastSeen = new Map<string, number>()
  let gaps = 0
  for (const { anonymousId, at } of events
    .filter(({ session }) => session === '')
    .toSorted((a, b) => a.at - b.at)) {
    if (at - (lastSeen.get(anonymousId) ?? Number.NEGATIVE_INFINITY) > 1_800_000) gaps += 1
    lastSeen.set(anonymousId, at)
  }
  return own + gaps
}

/** Of the people whose first page view was on a day, those with an order on each day after it. */
export function retentionOf(events: readonly ShopEvent[], days: number): (number | null)[][] {
  const dayOf = ({ at }: ShopEvent) => Math.floor((at - FROM) / 86_400_000)
  const cohorts = new Map<string, number>()
  for (const event of events.filter(({ type }) => type === 'page').toSorted((a, b) => b.at - a.at))
    cohorts.set(event.person, dayOf(event))
  return Array.from({ length: days }, (_, day) => {
    const people = [...cohorts].filter(([, cohort]) => cohort === day).map(([person]) => person)
    const later = Array.from({ length: days - 1 }, (_, index) => {
      if (day + index + 1 >= days) return null
      const orders = events.filter(
        (event) => event.event === 'Order Completed' && dayOf(event) === day + index + 1,
      )
      return people.filter((person) => orders.some((order) => order.person === person)).length
    })
    return [people.length, ...later]
  })
}

/** Numbers from 0 to 1, always the same. Source: mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
