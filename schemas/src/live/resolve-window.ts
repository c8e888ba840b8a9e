/** A window's definition with every default, as it travels to where windows are kept: plain data. */

import type { Duration, LiveSettings, WindowDefinition, WindowFilter, WindowMeasure } from './definition.ts'

/** A definition without anything left to default. Times are milliseconds. */
export interface ResolvedWindow {
  name: string
  title: string
  where: readonly WindowFilter[]
  by: readonly string[]
  each: string
  kind: 'tumbling' | 'sliding' | 'session'
  /** Length of a window; of a session its gap. */
  sizeMs: number
  /** How often a window begins, and the size of the panes that events are counted in; of a session its gap. */
  everyMs: number
  measures: Readonly<Record<string, WindowMeasure>>
  maxGroups: number
}

/** {@link LiveSettings} as numbers. */
export interface ResolvedLiveSettings {
  latenessMs: number
  retentionMs: number
}

/** What a source's live windows are made of. */
export interface LivePlan extends ResolvedLiveSettings {
  windows: readonly ResolvedWindow[]
}

/** Groups of a window where the definition does not say. */
export const DEFAULT_MAX_GROUPS = 100

/** Default of `allowedLateness`: what browsers hold back, and a queue delivers out of order, comes within it. */
const DEFAULT_LATENESS: Duration = '30s'

/** Default of `retention`. */
const DEFAULT_RETENTION: Duration = '1h'

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a duration; `undefined` when it is none. */
export function parseDuration(text: unknown): number | undefined {
  const [, count, unit] = (typeof text === 'string' && /^([1-9]\d{0,5})([smh])$/.exec(text)) || []
  return count === undefined ? undefined : Number(count) * UNITS[unit as keyof typeof UNITS]
}

/** What the source's windows are: those that are for all sources, and its own. */
export function resolveLivePlan(
  windows: readonly WindowDefinition[],
  settings: LiveSettings | undefined,
  source: string,
): LivePlan {
  return {
    latenessMs: read(settings?.allowedLateness ?? DEFAULT_LATENESS),
    retentionMs: read(settings?.retention ?? DEFAULT_RETENTION),
    windows: windows
      .filter(({ sources }) => sources === undefined || sources.includes(source))
      .map(resolveWindow),
  }
}

/** The definition with its defaults. It was checked before: see `check-windows.ts`. */
export function resolveWindow({ window, ...definition }: WindowDefinition): ResolvedWindow {
  const sizeMs = read(window.kind === 'session' ? window.gap : window.size)
  return {
    name: definition.name,
    title: definition.title ?? definition.name,
    where: definition.where ?? [],
    by: definition.by ?? [],
    each: definition.each ?? '',
    kind: window.kind,
    sizeMs,
    everyMs: window.kind === 'sliding' ? read(window.every) : sizeMs,
    measures: definition.measures,
    maxGroups: definition.maxGroups ?? DEFAULT_MAX_GROUPS,
  }
}

function read(duration: Duration): number {
  return parseDuration(duration) ?? 0
}
