/**
 * Brings over what cannot be computed any more and live still has: counts and owners of events that are past their time, and
 * measures that are not configured any more. And the log of joined users, which is history itself.
 */

import type { RecomputeOptions } from '@millrace/schemas/recompute'
import type { Database } from './databases.ts'

/** A roll-up: its window, what counts in it, and the rest of its key. */
interface Rollup {
  table: string
  window: string
  key: string
}

const ROLLUPS: readonly Rollup[] = [
  { table: 'rollup_minute', window: 'minute', key: 'event, measure' },
  { table: 'rollup_hour', window: 'hour', key: 'event, measure' },
  { table: 'rollup_hour_fields', window: 'hour', key: 'field, event, value' },
]

/** Windows of the time before a source's events are whole, in which live counts more than the shadow. */
function betterWindows(live: Database, shadow: Database, { table, window }: Rollup): string {
  const counts = (database: Database) =>
    `SELECT source, ${window} AS w, sum(t.events) AS n FROM ${database.name}.${table} AS t FINAL WHERE ${window} < ${HORIZON} GROUP BY source, w`
  return `(
  SELECT l.source, l.w FROM (${counts(live)}) AS l
  LEFT JOIN (${counts(shadow)}) AS s ON l.source = s.source AND l.w = s.w
  WHERE l.n > s.n)`
}

/** 1970 where all events are whole. */
const HORIZON =
  "transform(source, mapKeys({horizons:Map(String, DateTime64(3, 'UTC'))}), mapValues({horizons:Map(String, DateTime64(3, 'UTC'))}), toDateTime64(0, 3, 'UTC'))"

/** Sources whose events go after a time. */
const SOURCES = "mapKeys({horizons:Map(String, DateTime64(3, 'UTC'))})"

/** Measures of sources that the configuration does not name any more: nobody knows how to compute them. */
async function carryMeasures(
  live: Database,
  shadow: Database,
  measures: RecomputeOptions['measures'],
): Promise<void> {
  for (const table of ['rollup_minute', 'rollup_hour'])
    await shadow.run(
      `INSERT INTO ${table} SELECT * FROM ${live.name}.${table} FINAL WHERE measure != '' AND source NOT IN {known:Array(String)}`,
      { known: measures.map(({ source }) => source) },
    )
}

/** Brings it over, with what the configuration says of measures and since when events are whole. Idempotent. */
export async function carryOver(
  live: Database,
  shadow: Database,
  { measures, horizons }: RecomputeOptions,
): Promise<void> {
  await carryMeasures(live, shadow, measures)
  if (horizons.size === 0) return
  const parameters = { horizons: Object.fromEntries(horizons) }
  for (const rollup of ROLLUPS) {
    const { table, window, key } = rollup
    const better = betterWindows(live, shadow, rollup)
    // Rows that the shadow alone has would else be counted beside those of live.
    await shadow.run(
      `INSERT INTO ${table} (source, ${window}, ${key}, computed_at, is_deleted)
SELECT source, ${window}, ${key}, now64(3), 1 FROM ${table} FINAL
WHERE (source, ${window}, ${key}) NOT IN (SELECT source, ${window}, ${key} FROM ${live.name}.${table} FINAL) AND (source, ${window}) IN ${better}`,
      parameters,
    )
    await shadow.run(
      `INSERT INTO ${table} SELECT * REPLACE (now64(3) AS computed_at) FROM ${live.name}.${table} FINAL WHERE (source, ${window}) IN ${better}`,
      parameters,
    )
  }
  for (const table of ['identity_pairs', 'identity_aliases'])
    await shadow.run(
      `INSERT INTO ${table} SELECT * FROM ${live.name}.${table} WHERE source IN ${SOURCES}`,
      parameters,
    )
  await shadow.run(
    `INSERT INTO identities SELECT * FROM ${live.name}.identities FINAL
WHERE source IN ${SOURCES}
  AND (source, anonymous_id, if(anonymous_id = '', user_id, '')) NOT IN (
    SELECT source, anonymous_id, if(anonymous_id = '', user_id, '') FROM identities FINAL)`,
    parameters,
  )
}

/** Users whose person is another one in the shadow: with what they are not joined to, they are themselves. */
const OTHER_PERSONS = `
SELECT source, user_id, if(l.person_id = '', user_id, l.person_id) AS person_before, if(s.person_id = '', user_id, s.person_id) AS person_after, s.evidence_id AS evidence_id
FROM (SELECT source, user_id, person_id FROM @live.identities FINAL WHERE anonymous_id = '') AS l
FULL JOIN (SELECT source, user_id, person_id, evidence_id FROM @shadow.identities FINAL WHERE anonymous_id = '') AS s
USING (source, user_id)
WHERE person_before != person_after`

/**
 * The log of joined users goes on as live has it, with those who are joined otherwise now. Where live has none, as after its
 * tables were lost, it stays the one of the computation. Idempotent.
 */
export async function continueMerges(live: Database, shadow: Database): Promise<void> {
  const [any] = await live.read('SELECT 1 FROM identity_merges LIMIT 1')
  if (any === undefined) return
  const others = OTHER_PERSONS.replace('@live', live.name).replace('@shadow', shadow.name)
  await shadow.run('TRUNCATE TABLE identity_merges')
  await shadow.run(`INSERT INTO identity_merges SELECT * FROM ${live.name}.identity_merges`)
  await shadow.run(
    `INSERT INTO identity_merges (source, user_id, person_before, person_after, evidence_id) SELECT * FROM (${others})`,
  )
}
