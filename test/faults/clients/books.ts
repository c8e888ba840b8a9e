/** The client's side of the books: what the application handed over, and what became of each of these events. */

/**
 * How an event stands.
 *
 * - `taken`: handed over, and neither numbered nor given up: in memory alone.
 * - `numbered`: has its number; whether it is safe on the device, see {@link ClientEvent.isSaved}.
 * - `acknowledged`: the SDK got a good answer for it. It must be in the pipeline's tables.
 * - `dropped`: the SDK said that it gave it up, and why.
 * - `lost`: died with its page or process before it was safe. It may have arrived.
 */
export type Fate = 'taken' | 'numbered' | 'acknowledged' | 'dropped' | 'lost'

/** One call of `track` and its like. */
export interface ClientEvent {
  /** Told apart by this in the property `mark`. */
  mark: string
  fate: Fate
  /** Undefined until it has a number. */
  stream?: string
  seq?: number
  /** Whether it was on the device's disk at any time: then a crash is no excuse. */
  isSaved: boolean
  /** Why it was dropped, in the SDK's word. */
  reason?: string
}

/** Counts of events by what became of them. */
export type FateCounts = Record<Fate, number>

/** The books of one client. */
export interface ClientBooks {
  readonly events: readonly ClientEvent[]
  /** Something was handed over; gives its entry. */
  take(): ClientEvent
  /** Finds the event of a number. */
  find(stream: string, seq: number): ClientEvent | undefined
  findMark(mark: string): ClientEvent | undefined
  number(event: ClientEvent, stream: string, seq: number): void
  /** A better fate is never taken back: an event that was acknowledged stays so. */
  settle(event: ClientEvent, fate: Fate, reason?: string): void
  /** Highest number given out, by stream. */
  tips(): ReadonlyMap<string, number>
  counts(): FateCounts
}

/**
 * Opens the books.
 *
 * @param name of the client; no other of the run has it
 */
export function openBooks(name: string): ClientBooks {
  const events: ClientEvent[] = []
  const byMark = new Map<string, ClientEvent>()
  const byNumber = new Map<string, ClientEvent>()
  const tips = new Map<string, number>()
  return {
    events,
    take() {
      const event: ClientEvent = { mark: `${name}:${events.length + 1}`, fate: 'taken', isSaved: false }
      events.push(event)
      byMark.set(event.mark, event)
      return event
    },
    find: (stream, seq) => byNumber.get(`${stream}-${seq}`),
    findMark: (mark) => byMark.get(mark),
    number(event, stream, seq) {
      const key = `${stream}-${seq}`
      if (byNumber.has(key)) throw new Error(`${name} gave the number ${key} twice`)
      if (event.seq !== undefined) throw new Error(`${name} numbered ${event.mark} twice`)
      byNumber.set(key, event)
      tips.set(stream, Math.max(seq, tips.get(stream) ?? 0))
      Object.assign(event, { stream, seq })
      if (event.fate === 'taken') event.fate = 'numbered'
    },
    settle(event, fate, reason) {
      if (event.fate === 'acknowledged' || (event.fate === 'dropped' && fate === 'lost')) return
      event.fate = fate
      if (reason !== undefined) event.reason = reason
    },
    tips: () => tips,
    counts() {
      const counts: FateCounts = { taken: 0, numbered: 0, acknowledged: 0, dropped: 0, lost: 0 }
      for (const { fate } of events) counts[fate] += 1
      return counts
    },
  }
}
