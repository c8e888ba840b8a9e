/** Collects what clients of one process did, until it is reported. */

import type { Range } from '../books/ranges.ts'
import { createHistogram } from '../histogram.ts'
import type { Report, StreamNews } from './wire.ts'

/** What happened to an event that had a number. */
export type Fate = 'acked' | 'filtered' | 'dropped'

/** The journal of a process. */
export interface Journal {
  /** A number was given out. */
  give: (stream: string, seq: number) => void
  /** Events ended. */
  end: (fate: Fate, stream: string, first: number, last: number) => void
  /** Events were given up before they had numbers. */
  refuse: (reason: string, count: number) => void
  /** A request was answered with a status, or failed (0). */
  answer: (status: number, durationMs: number) => void
  /** One more or one fewer is under way. */
  open: (change: 1 | -1) => void
  /** What there is to say; forgets it. */
  take: (isAsked?: boolean) => Report
}

/** Creates an empty one. */
export function createJournal(): Journal {
  const times = createHistogram()
  let given = new Map<string, number>()
  let fates = emptyFates()
  let statuses: Record<number, number> = {}
  let unnumbered: Record<string, number> = {}
  let openRequests = 0
  return {
    give: (stream, seq) => void given.set(stream, Math.max(seq, given.get(stream) ?? 0)),
    end(fate, stream, first, last) {
      const before = fates[fate].get(stream)
      const latest = before?.at(-1)
      if (before === undefined) fates[fate].set(stream, [[first, last]])
      // Events of a batch end one by one, in their order.
      else if (latest !== undefined && first === latest[1] + 1) before[before.length - 1] = [latest[0], last]
      else before.push([first, last])
    },
    refuse: (reason, count) => {
      unnumbered[reason] = (unnumbered[reason] ?? 0) + count
    },
    answer(status, durationMs) {
      statuses[status] = (statuses[status] ?? 0) + 1
      if (status > 0) times.add(durationMs)
    },
    open: (change) => {
      openRequests += change
    },
    take(isAsked = false) {
      const news: StreamNews = {
        given: [...given],
        acked: flatten(fates.acked),
        filtered: flatten(fates.filtered),
        dropped: flatten(fates.dropped),
      }
      const report: Report = {
        kind: 'report',
        isAsked,
        ...news,
        answerTimes: times.take(),
        statuses,
        openRequests,
        unnumbered,
      }
      given = new Map()
      fates = emptyFates()
      statuses = {}
      unnumbered = {}
      return report
    },
  }
}

type Fates = Record<Fate, Map<string, Range[]>>

function emptyFates(): Fates {
  return { acked: new Map(), filtered: new Map(), dropped: new Map() }
}

function flatten(ranges: ReadonlyMap<string, readonly Range[]>): [string, ...Range][] {
  return [...ranges].flatMap(([stream, of]) => of.map((range): [string, ...Range] => [stream, ...range]))
}
