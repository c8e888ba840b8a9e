/** What the recomputation needs of the configuration: the measures of each source, and since when its events are whole. */

import type { MillraceConfig } from '../config.ts'
import type { SourceSettings } from '../source-settings.ts'
import { toDateTime } from './date-time.ts'
import type { RecomputeOptions } from './rollups.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

/** Name of the source that only development has. Source: DESIGN section 7. */
const DEVELOPMENT_SOURCE = 'dev'

/**
 * Options for a run.
 *
 * @param nowMs milliseconds since 1970
 */
export function readRecomputeOptions(config: MillraceConfig, nowMs: number): RecomputeOptions {
  const sources: (SourceSettings & { name: string })[] = [
    ...config.sources,
    { ...config.development, name: DEVELOPMENT_SOURCE },
  ]
  return {
    cluster: config.warehouse?.cluster,
    measures: sources.map(({ name, measures = [] }) => ({ source: name, measures })),
    horizons: new Map(
      sources.flatMap(({ name, retention }) => {
        if (retention?.eventsDays === undefined) return []
        // The day in which events begin to go is not whole any more.
        return [[name, toDateTime(nowMs - (retention.eventsDays - 1) * DAY_MS)] as const]
      }),
    ),
  }
}
