/**
 * The question `paths`: where sessions go from a page or event, or come from, as counts of what follows what. A session is
 * as in the question `sessions`. The same twice in a row is one.
 */

import { bind, type Sql, sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { findEventField } from '../fields.ts'
import { type Filter, filterConditions } from '../filters.ts'
import { eventFiltersSchema } from '../metrics.ts'
import { type Asked, defineQuestion, wholeNumber } from '../question.ts'
import { fromEventsInSessions } from '../relations.ts'

interface Fields {
  of: 'pages' | 'events'
  at?: string | undefined
  direction: 'after' | 'before'
  depth: number
  limit: number
  filters: Filter[]
}

const schema = z.strictObject({
  of: z
    .enum(['pages', 'events'])
    .default('pages')
    .describe('Paths of page views (names of screens), or names of events'),
  at: z
    .string()
    .min(1)
    .max(1_000)
    .optional()
    .describe('Where to begin, the first time in a session. Default: its beginning or end'),
  direction: z.enum(['after', 'before']).default('after'),
  depth: wholeNumber(1, 5).default(3),
  limit: wholeNumber(1, 100).default(20).describe('Links of each step, those of most sessions first'),
  filters: eventFiltersSchema.describe('On the events that paths are made of'),
})

export const paths = defineQuestion<Fields>({
  summary: 'What comes after a page or event in a session, or before it',
  schema,
  hasRange: true,
  async answer(asked) {
    const rows = await asked.ask(statement(asked))
    const isAfter = asked.fields.direction === 'after'
    return {
      readFrom: 'events',
      columns: ['step', 'from', 'to', 'sessions'],
      // Beyond the ends of a session there is nothing.
      rows: rows.map(([step = null, near = null, isEnd, far = null, sessions = null]) => {
        const other = Number(isEnd) === 1 ? null : far
        return isAfter ? [step, near, other, sessions] : [step, other, near, sessions]
      }),
    }
  },
})

/** Rows: step, where it is, whether the session ends there, what is next in the direction, sessions. */
function statement({ fields, range }: Asked<Fields>): Sql {
  const { of, at, direction, depth, limit, filters } = fields
  const label = of === 'pages' ? sql`if(type = 'screen', name, page_path)` : sql`toString(event)`
  const kind = of === 'pages' ? [sql`type IN ('page', 'screen')`] : []
  const conditions = [sql`visitor_id != ''`, ...kind, ...filterConditions(filters, findEventField)]
  const atSql = bind('String', at ?? '')
  const isAfter = direction === 'after'
  const first = at === undefined ? (isAfter ? sql`1` : sql`length(labels)`) : sql`indexOf(labels, ${atSql})`
  const walk = isAfter
    ? sql`arraySlice(labels, first, ${bind('UInt32', depth)} + 1)`
    : sql`arraySlice(arrayReverse(arraySlice(labels, 1, first)), 1, ${bind('UInt32', depth)} + 1)`
  return sql`SELECT step, walk[step] AS near, step = length(walk) AS is_end, walk[step + 1] AS far, count() AS sessions
FROM (
  SELECT walk, arrayJoin(range(1, least(length(walk), ${bind('UInt32', depth)}) + 1)) AS step
  FROM (
    SELECT ${first} AS first, ${walk} AS walk
    FROM (
      SELECT arrayCompact(arrayMap(visit -> visit.2, arraySort(groupArray((${PLACE}, ${label}))))) AS labels
      ${fromEventsInSessions(range, conditions)} WHERE session != ''
      GROUP BY session
    )
    WHERE first > 0
  )
)
GROUP BY step, near, is_end, far
ORDER BY step, sessions DESC, near, is_end, far
LIMIT ${bind('UInt32', limit)} BY step`
}

/** An event's place in one number that sorts by time: 42 bits of milliseconds (until 2109), 22 of its number in the stream. */
const PLACE = sql`bitShiftLeft(toUInt64(toUnixTimestamp64Milli(timestamp)), 22) + toUInt64(least(seq, 4194303))`
