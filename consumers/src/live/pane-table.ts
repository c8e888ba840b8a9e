/**
 * Tumbling and sliding windows of one definition. Events are counted in panes as long as windows are apart; a window is the sum
 * of its panes, so an event is counted once however many windows it is part of.
 */

import type { LiveWindow } from '@millrace/schemas/live'
import { createGroups, decodeGroups, encodeGroups, type Groups, mergeGroups, readGroups } from './groups.ts'
import type { CompiledWindow } from './plan.ts'
import { type Closing, type Stamp, stateOf, type WholeSpan, type WindowTable } from './window-table.ts'

interface Pane {
  groups: Groups
  stamp: Stamp
  isUnsaved: boolean
}

/** Windows of the definition. Those that are not within the span are not whole, and never final. */
export function createPaneTable(compiled: CompiledWindow, span: WholeSpan): WindowTable {
  const { name, sizeMs, everyMs } = compiled.definition
  const panes = new Map<number, Pane>()
  const open = new Set<number>()
  const closings = new Map<number, Closing>()
  const gone = new Set<number>()
  const cache = new Map<number, { stamp: Stamp; window: LiveWindow }>()

  const panesOf = (start: number): Pane[] => {
    const found: Pane[] = []
    for (let at = start; at < start + sizeMs; at += everyMs) {
      const pane = panes.get(at)
      if (pane !== undefined) found.push(pane)
    }
    return found
  }

  const stampOf = (start: number, parts: readonly Pane[]): Stamp =>
    Math.max(closings.get(start)?.stamp ?? 0, ...parts.map(({ stamp }) => stamp))

  const read = (start: number): LiveWindow => {
    const parts = panesOf(start)
    const stamp = stampOf(start, parts)
    const known = cache.get(start)
    if (known?.stamp === stamp) return known.window
    const groups = parts.length === 1 ? (parts[0] as Pane).groups : sum(compiled, parts)
    const window: LiveWindow = {
      name,
      start,
      end: start + sizeMs,
      ...stateOf(closings.get(start)),
      ...readGroups(compiled, groups),
    }
    cache.set(start, { stamp, window })
    return window
  }

  /** Starts of the windows that a pane is part of. */
  const windowsOf = (pane: number): number[] =>
    Array.from({ length: sizeMs / everyMs }, (_, index) => pane + everyMs - sizeMs + index * everyMs)

  const register = (pane: number): void => {
    for (const start of windowsOf(pane)) {
      const closing = closings.get(start)
      if (closing === undefined) open.add(start)
      else closing.isStale = true
    }
  }

  const isWhole = (start: number) => start >= span.since && start + sizeMs <= span.until

  /** Of those that have begun, the last is the one that ends next. */
  const isShown = (start: number, now: number) => start + sizeMs < now + everyMs || sizeMs === everyMs

  return {
    apply({ panes: changed }, stamp) {
      for (const [at, groups] of changed) {
        const pane = panes.get(at) ?? { groups: createGroups(), stamp, isUnsaved: true }
        panes.set(at, pane)
        gone.delete(at)
        mergeGroups(compiled, pane.groups, groups)
        pane.stamp = stamp
        pane.isUnsaved = true
        register(at)
      }
    },
    close(watermark, stamp) {
      let isChanged = false
      for (const [, closing] of closings) {
        if (!closing.isStale) continue
        Object.assign(closing, { version: closing.version + 1, isStale: false, stamp })
        isChanged = true
      }
      for (const start of open) {
        if (start + sizeMs > watermark || !isWhole(start)) continue
        open.delete(start)
        closings.set(start, { version: 1, delivered: 0, isStale: false, stamp })
        isChanged = true
      }
      return isChanged
    },
    forget(floor, undeliveredFloor) {
      let keepFrom = Number.POSITIVE_INFINITY
      const before = closings.size + open.size + panes.size
      for (const [start, { version, delivered }] of closings) {
        const end = start + sizeMs
        if (end > floor) continue
        if (version > delivered && end > undeliveredFloor) keepFrom = Math.min(keepFrom, start)
        else closings.delete(start)
      }
      for (const start of open) if (start + sizeMs <= floor) open.delete(start)
      for (const at of panes.keys()) {
        if (at + sizeMs > floor || at >= keepFrom) continue
        panes.delete(at)
        gone.add(at)
      }
      for (const start of cache.keys()) if (start + sizeMs <= floor) cache.delete(start)
      return closings.size + open.size + panes.size < before
    },
    nextEnd() {
      let next = Number.POSITIVE_INFINITY
      for (const start of open) if (isWhole(start)) next = Math.min(next, start + sizeMs)
      return Number.isFinite(next) ? next : undefined
    },
    nextCorrection() {
      let next = Number.POSITIVE_INFINITY
      for (const [start, { isStale }] of closings) if (isStale) next = Math.min(next, start + sizeMs)
      return Number.isFinite(next) ? next : undefined
    },
    isEmpty: () => panes.size === 0,
    changedSince(stamp, shownAt, now) {
      const starts = new Set<number>()
      // One that is closed is told with its next version: a late event is part of many, and each is a sum.
      for (const [at, pane] of panes)
        if (pane.stamp > stamp) for (const start of windowsOf(at)) if (open.has(start)) starts.add(start)
      for (const [start, closing] of closings) if (closing.stamp > stamp) starts.add(start)
      for (const start of open) if (!isShown(start, shownAt)) starts.add(start)
      return ascending(starts)
        .filter((start) => isShown(start, now) && (open.has(start) || closings.has(start)))
        .map(read)
    },
    removedSince: () => [],
    between(from, to, now) {
      return ascending([...open, ...closings.keys()])
        .filter((start) => start + sizeMs > from && start < to && isShown(start, now))
        .map(read)
    },
    undelivered() {
      return [...closings]
        .filter(([, { version, delivered, isStale }]) => version > delivered && !isStale)
        .map(([start, closing]) => {
          const { version } = closing
          return {
            window: read(start),
            markDelivered() {
              closing.delivered = Math.max(closing.delivered, version)
            },
          }
        })
    },
    takeUnsaved() {
      const pieces = [...gone].map((place) => ({ place }))
      gone.clear()
      const changed = [...panes].filter(([, { isUnsaved }]) => isUnsaved)
      return [
        ...pieces,
        ...changed.map(([place, pane]) => {
          pane.isUnsaved = false
          return { place, text: JSON.stringify(encodeGroups(compiled, pane.groups)) }
        }),
      ]
    },
    load(place, text, floor) {
      panes.set(place, { groups: decodeGroups(compiled, JSON.parse(text)), stamp: 0, isUnsaved: false })
      // What ends before the floor was closed and is forgotten; some of its panes are still here, and some are not.
      for (const start of windowsOf(place))
        if (!closings.has(start) && start + sizeMs > floor) open.add(start)
    },
    encodeClosings: () =>
      JSON.stringify(
        [...closings].map(([start, { version, delivered, isStale }]) => [
          start,
          version,
          delivered,
          isStale ? 1 : 0,
        ]),
      ),
    loadClosings(text) {
      for (const [start, version, delivered, isStale] of JSON.parse(text) as [
        number,
        number,
        number,
        number,
      ][]) {
        closings.set(start, { version, delivered, isStale: isStale === 1, stamp: 0 })
        open.delete(start)
      }
    },
  }
}

function sum(compiled: CompiledWindow, panes: readonly Pane[]): Groups {
  const groups = createGroups()
  // All groups of its panes: with a bound, a correction could take one out that was told before.
  for (const pane of panes) mergeGroups(compiled, groups, pane.groups, Number.POSITIVE_INFINITY)
  return groups
}

function ascending(starts: Iterable<number>): number[] {
  return [...new Set(starts)].sort((a, b) => a - b)
}
