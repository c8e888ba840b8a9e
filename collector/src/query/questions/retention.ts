/**
 * The question `retention`: of the people who first did one thing in a day, week or month, how many did another in each of
 * those that followed. First means first within the range.
 */

import { bind, type Sql, sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { bucketSql, bucketsOf, MAX_BUCKETS } from '../buckets.ts'
import { findEventField } from '../fields.ts'
import { type Filter, filterConditions } from '../filters.ts'
import { eventFiltersSchema } from '../metrics.ts'
import { type Asked, type Cell, defineQuestion, wholeNumber } from '../question.ts'
import { alignRange } from '../range.ts'
import { fromEvents } from '../relations.ts'
import { namesCondition, type Step, stepCondition, stepSchema } from '../steps.ts'

interface Fields {
  first: Step
  returning: Step
  interval: 'day' | 'week' | 'month'
  periods: number
  filters: Filter[]
}

const schema = z.strictObject({
  first: stepSchema.describe('What makes a person one of a cohort'),
  returning: stepSchema.describe('What counts as coming back'),
  interval: z.enum(['day', 'week', 'month']).default('day'),
  periods: wholeNumber(1, 60).default(8).describe('How many that follow are told'),
  filters: eventFiltersSchema.describe('On the events of both'),
})

export const retention = defineQuestion<Fields>({
  summary:
    'Of the people who first did one thing, how many did another in the days, weeks or months that followed',
  schema,
  hasRange: true,
  settle(fields, range) {
    const aligned = alignRange(range, fields.interval)
    if (bucketsOf(aligned, fields.interval).length <= MAX_BUCKETS) return { ok: true, fields, range: aligned }
    return {
      ok: false,
      path: 'interval',
      message: `must be longer, or the range shorter: at most ${MAX_BUCKETS} cohorts`,
    }
  },
  async answer(asked) {
    const { fields, range, ask } = asked
    const counts = new Map<string, number>()
    for (const [cohort, period, people] of await ask(statement(asked))) {
      counts.set(`${cohort} ${period}`, Number(people))
    }
    const buckets = bucketsOf(range, fields.interval)
    const rows = buckets.map((cohort, index) => [
      cohort,
      ...Array.from(
        { length: fields.periods + 1 },
        (_, period): Cell =>
          // What has not begun by the end of the range is not nobody: it is not known.
          index + period < buckets.length ? (counts.get(`${cohort} ${period}`) ?? 0) : null,
      ),
    ])
    const periods = Array.from({ length: fields.periods }, (_, index) => `${fields.interval} ${index + 1}`)
    return { readFrom: 'events', columns: ['cohort', 'people', ...periods], rows }
  },
})

/** Rows: cohort, how many buckets later, people. Period 0 is the size of the cohort. */
function statement({ fields, range }: Asked<Fields>): Sql {
  const { first, returning, interval, periods, filters } = fields
  const conditions = [
    sql`person_id != ''`,
    ...namesCondition([first, returning]),
    ...filterConditions(filters, findEventField),
    sql`(${stepCondition(first)} OR ${stepCondition(returning)})`,
  ]
  return sql`SELECT cohort, arrayJoin(arrayPushFront(arrayFilter(n -> n > 0 AND n <= ${bind('UInt32', periods)}, arrayMap(day -> dateDiff(${UNITS[interval]}, cohort, day), days)), 0)) AS period, count()
FROM (
  SELECT person_id, minIf(${bucketSql(sql`timestamp`, interval, range.timeZone)} AS q_bucket, ${stepCondition(first)}) AS cohort,
    groupUniqArrayIf(q_bucket, ${stepCondition(returning)}) AS days
  ${fromEvents(range, conditions)}
  GROUP BY person_id
  HAVING countIf(${stepCondition(first)}) > 0
)
GROUP BY cohort, period`
}

const UNITS = { day: sql`'day'`, week: sql`'week'`, month: sql`'month'` }
