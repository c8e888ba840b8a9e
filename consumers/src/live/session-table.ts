/** Session windows of one definition. */

import type { LiveWindow } from '@millrace/schemas/live'
import { createTally, keyText, mergeTally, readTally, type Tally } from './groups.ts'
import type { CompiledWindow } from './plan.ts'
import { addSession, decodeSession, type EncodedSession, encodeSession, type Session } from './sessions.ts'
import {
  type Closing,
  type Stamp,
  stateOf,
  type Undelivered,
  type WholeSpan,
  type WindowTable,
} from './window-table.ts'

interface Kept extends Session {
  stamp: Stamp
  closing: Closing | undefined
}

/** A session that is not there under its start any more, and the version that says so. */
interface Absorbed {
  session: Session
  version: number
  isDelivered: boolean
  stamp: Stamp
}

/** Places that sessions are saved in, by their key: a changed one is saved with those of its place. */
const PLACES = 64

/** Sessions that are held, of which those of one key count once; events of further keys are counted as other. */
const MAX_KEYS = 10_000

/** Place of what is in no session, because there were too many. */
const OTHER_PLACE = -1

/** Sessions of the definition. Those that are not within the span may not be whole, and are never final. */
export function createSessionTable(compiled: CompiledWindow, span: WholeSpan): WindowTable {
  const { name, sizeMs: gapMs } = compiled.definition
  const byKey = new Map<string, Kept[]>()
  const absorbedOnes: Absorbed[] = []
  const others = new Map<number, Tally & { stamp: Stamp; closing: Closing | undefined }>()
  const unsaved = new Set<number>()

  const all = () => [...byKey.values()].flat()
  const endOf = ({ last }: Session) => last + gapMs

  const read = (session: Kept): LiveWindow => ({
    ...{ name, start: session.start, end: endOf(session), events: session.events },
    ...stateOf(session.closing),
    groups: [{ key: session.key, ...readTally(compiled, session) }],
  })

  const readOther = (start: number, other: Tally & { closing: Closing | undefined }): LiveWindow => ({
    ...{ name, start, end: start + gapMs, events: other.events },
    ...stateOf(other.closing),
    groups: [],
    other: readTally(compiled, other),
  })

  const touch = (session: Kept, stamp: Stamp): void => {
    session.stamp = stamp
    if (session.closing !== undefined) session.closing.isStale = true
  }

  const addOther = (session: Session, stamp: Stamp): void => {
    const start = Math.floor(session.start / gapMs) * gapMs
    const other = others.get(start) ?? { ...createTally(compiled), stamp, closing: undefined }
    others.set(start, other)
    mergeTally(compiled, other, session)
    other.stamp = stamp
    if (other.closing !== undefined) other.closing.isStale = true
    unsaved.add(OTHER_PLACE)
  }

  /** A session is told by its start: it is gone when it is part of another one, and when it begins earlier now. */
  const keepGone = (gone: Session, closing: Closing | undefined, stamp: Stamp): void => {
    const version = closing?.version ?? 0
    // Once it was closed, ClickHouse may have it: an insert may be under way, or its mark may be lost.
    absorbedOnes.push({ session: gone, version: version + 1, isDelivered: version === 0, stamp })
  }

  const closables = function* (): Generator<{
    end: number
    start: number
    item: { closing: Closing | undefined; stamp: Stamp }
    place: number
  }> {
    for (const [text, sessions] of byKey)
      for (const item of sessions) yield { end: endOf(item), start: item.start, item, place: placeOf(text) }
    for (const [start, item] of others) yield { end: start + gapMs, start, item, place: OTHER_PLACE }
  }

  // One that was under way when the definition came is a tail of which nobody knows where it began.
  const wholeFrom = () => (span.since === 0 ? 0 : span.since + gapMs)
  const isWhole = (start: number, end: number) => start >= wholeFrom() && end <= span.until

  const isDue = ({ version, delivered, isStale }: Closing) => version > delivered && !isStale

  return {
    apply({ sessions }, stamp) {
      for (const session of sessions) {
        const text = keyText(session.key)
        const known = byKey.get(text)
        if (known === undefined && byKey.size >= MAX_KEYS) {
          addOther(session, stamp)
          continue
        }
        const list = known ?? []
        byKey.set(text, list)
        const added: Kept = { ...session, stamp, closing: undefined }
        const starts = new Map(list.map((one) => [one, one.start]))
        const { session: kept, absorbed } = addSession(compiled, list, added)
        for (const part of absorbed) keepGone(part, part.closing, stamp)
        const before = starts.get(kept) ?? kept.start
        if (before !== kept.start) {
          keepGone({ ...kept, start: before }, kept.closing, stamp)
          // Nobody has it under its new start yet.
          if (kept.closing !== undefined) kept.closing = undefined
        }
        touch(kept, stamp)
        unsaved.add(placeOf(text))
      }
    },
    close(watermark, stamp) {
      let isChanged = false
      for (const { end, start, item, place } of closables()) {
        const { closing } = item
        if (closing === undefined) {
          if (end > watermark || !isWhole(start, end)) continue
          item.closing = { version: 1, delivered: 0, isStale: false, stamp }
          unsaved.add(place)
          isChanged = true
        } else if (closing.isStale && end <= watermark) {
          Object.assign(closing, { version: closing.version + 1, isStale: false, stamp })
          unsaved.add(place)
          isChanged = true
        }
      }
      return isChanged
    },
    forget(floor, undeliveredFloor) {
      const isGone = (end: number, closing: Closing | undefined) =>
        end <= (closing !== undefined && isDue(closing) ? undeliveredFloor : floor)
      let isChanged = false
      for (const [text, sessions] of byKey) {
        const kept = sessions.filter((session) => !isGone(endOf(session), session.closing))
        if (kept.length === sessions.length) continue
        isChanged = true
        unsaved.add(placeOf(text))
        if (kept.length === 0) byKey.delete(text)
        else byKey.set(text, kept)
      }
      for (const [start, { closing }] of others) {
        if (!isGone(start + gapMs, closing)) continue
        others.delete(start)
        isChanged = true
        unsaved.add(OTHER_PLACE)
      }
      const held = absorbedOnes.filter(
        ({ session, isDelivered }) => endOf(session) > (isDelivered ? floor : undeliveredFloor),
      )
      isChanged ||= held.length < absorbedOnes.length
      absorbedOnes.splice(0, absorbedOnes.length, ...held)
      return isChanged
    },
    nextEnd() {
      let next = Number.POSITIVE_INFINITY
      for (const { end, start, item } of closables()) {
        if (item.closing === undefined && isWhole(start, end)) next = Math.min(next, end)
      }
      return Number.isFinite(next) ? next : undefined
    },
    nextCorrection() {
      let next = Number.POSITIVE_INFINITY
      for (const { end, item } of closables()) if (item.closing?.isStale === true) next = Math.min(next, end)
      return Number.isFinite(next) ? next : undefined
    },
    isEmpty: () => byKey.size === 0 && others.size === 0,
    changedSince(stamp) {
      const isNewer = (item: { stamp: Stamp; closing: Closing | undefined }) =>
        item.stamp > stamp || (item.closing?.stamp ?? 0) > stamp
      return [
        ...all().filter(isNewer).map(read),
        ...[...others].filter(([, other]) => isNewer(other)).map(([start, other]) => readOther(start, other)),
      ].sort((a, b) => a.start - b.start)
    },
    removedSince: (stamp) =>
      absorbedOnes
        .filter((absorbed) => absorbed.stamp > stamp)
        .map(({ session: { start, key } }) => ({ name, start, key })),
    between(from, to) {
      return [...all().map(read), ...[...others].map(([start, other]) => readOther(start, other))]
        .filter((window) => window.end > from && window.start < to)
        .sort((a, b) => a.start - b.start)
    },
    undelivered() {
      const due: Undelivered[] = []
      const put = (closing: Closing | undefined, window: () => LiveWindow) => {
        if (closing === undefined || !isDue(closing)) return
        const { version } = closing
        due.push({
          window: window(),
          markDelivered() {
            closing.delivered = Math.max(closing.delivered, version)
          },
        })
      }
      for (const session of all()) put(session.closing, () => read(session))
      for (const [start, other] of others) put(other.closing, () => readOther(start, other))
      for (const absorbed of absorbedOnes) {
        if (absorbed.isDelivered) continue
        const empty = { ...absorbed.session, ...createTally(compiled), stamp: 0, closing: undefined }
        due.push({
          window: { ...read(empty), state: 'corrected', version: absorbed.version },
          isRemoved: true,
          markDelivered() {
            absorbed.isDelivered = true
          },
        })
      }
      return due
    },
    takeUnsaved() {
      const places = [...unsaved]
      unsaved.clear()
      return places.map((place) => ({ place, text: JSON.stringify(encodePlace(place)) }))
    },
    load(place, text) {
      if (place === OTHER_PLACE) {
        for (const [session, closing] of JSON.parse(text) as EncodedKept[]) {
          const { start, events, states } = decodeSession(compiled, session)
          others.set(start, { events, states, stamp: 0, closing: decodeClosing(closing) })
        }
        return
      }
      for (const [encoded, closing] of JSON.parse(text) as EncodedKept[]) {
        const session: Kept = {
          ...decodeSession(compiled, encoded),
          stamp: 0,
          closing: decodeClosing(closing),
        }
        const key = keyText(session.key)
        byKey.set(key, [...(byKey.get(key) ?? []), session])
      }
    },
    encodeClosings: () =>
      JSON.stringify(
        absorbedOnes.map(({ session, version, isDelivered }) => [
          encodeSession(compiled, { ...session, ...createTally(compiled) }),
          version,
          isDelivered ? 1 : 0,
        ]),
      ),
    loadClosings(text) {
      for (const [encoded, version, isDelivered] of JSON.parse(text) as [EncodedSession, number, number][]) {
        const session = decodeSession(compiled, encoded)
        absorbedOnes.push({ session, version, isDelivered: isDelivered === 1, stamp: 0 })
      }
    },
  }

  function encodePlace(place: number): EncodedKept[] {
    if (place === OTHER_PLACE) {
      return [...others].map(([start, other]) => [
        encodeSession(compiled, { ...other, key: [], start, last: start }),
        encodeClosing(other.closing),
      ])
    }
    const texts = [...byKey.keys()].filter((text) => placeOf(text) === place).sort()
    return texts.flatMap((text) =>
      (byKey.get(text) ?? []).map(
        (session): EncodedKept => [encodeSession(compiled, session), encodeClosing(session.closing)],
      ),
    )
  }
}

type EncodedClosing = [version: number, delivered: number, isStale: number] | null

type EncodedKept = [session: EncodedSession, closing: EncodedClosing]

function encodeClosing(closing: Closing | undefined): EncodedClosing {
  return closing === undefined ? null : [closing.version, closing.delivered, closing.isStale ? 1 : 0]
}

function decodeClosing(encoded: EncodedClosing): Closing | undefined {
  if (encoded === null) return undefined
  const [version, delivered, isStale] = encoded
  return { version, delivered, isStale: isStale === 1, stamp: 0 }
}

/** Any spread will do, as long as it stays the same. */
function placeOf(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) >>> 0
  return hash % PLACES
}
