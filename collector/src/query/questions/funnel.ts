/**
 * The question `funnel`: how many people did one thing after the other. A person has come as far as the longest chain of
 * steps in order whose last is within the window of its first. One event is one step, and events of the same millisecond
 * are in the order of their numbers in the stream.
 */

import { bind, join, type Sql, sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { findEventField } from '../fields.ts'
import type { Filter } from '../filters.ts'
import { eventConditions, eventFieldSchema, eventFiltersSchema } from '../metrics.ts'
import { type Asked, type Cell, defineQuestion, wholeNumber } from '../question.ts'
import { fromEvents, type Span } from '../relations.ts'
import { namesCondition, type Step, stepCondition, stepName, stepSchema } from '../steps.ts'
import { parseDuration } from '../time.ts'

interface Fields {
  steps: Step[]
  window: string
  by?: string | undefined
  limit: number
  filters: Filter[]
}

const MAX_STEPS = 10
const MAX_WINDOW_MS = 90 * 86_400_000

const schema = z.strictObject({
  steps: z.array(stepSchema).min(2).max(MAX_STEPS),
  window: z
    .string()
    .max(10)
    .refine((text) => windowMs(text) <= MAX_WINDOW_MS, 'must be a duration up to 90d, such as 30m, 24h or 7d')
    .default('1d'),
  by: eventFieldSchema.optional(),
  limit: wholeNumber(1, 100).default(10).describe('Values of `by`, those of most people first'),
  filters: eventFiltersSchema.describe('On the events of all steps'),
})

export const funnel = defineQuestion<Fields>({
  summary: 'How many people did one thing after the other, within a time',
  schema,
  hasRange: true,
  async answer(asked) {
    const { by, steps } = asked.fields
    const found = await asked.ask(statement(asked))
    const rows = found.flatMap(([key = '', counts, seconds]) =>
      stepRows(steps, asArray(counts), asArray(seconds)).map((row) =>
        by === undefined ? row : [key, ...row],
      ),
    )
    const columns = ['step', 'event', 'people', 'fromFirst', 'fromPrevious', 'medianSeconds']
    return { readFrom: 'events', columns: by === undefined ? columns : [by, ...columns], rows }
  },
})

/** Shares are of the people of the first step, and of the step before. */
function stepRows(steps: readonly Step[], counts: readonly Cell[], seconds: readonly Cell[]): Cell[][] {
  const people = steps.map((_, index) => Number(counts[index] ?? 0))
  return steps.map((step, index) => {
    const here = people[index] ?? 0
    const share = (of: number) => (of === 0 ? 0 : here / of)
    const before = people[index - 1] ?? here
    return [
      index + 1,
      stepName(step),
      here,
      share(people[0] ?? 0),
      share(before),
      index === 0 ? null : (seconds[index] ?? null),
    ]
  })
}

function asArray(cell: Cell | undefined): readonly Cell[] {
  return Array.isArray(cell) ? cell : []
}

function windowMs(text: string): number {
  return parseDuration(text) ?? Number.POSITIVE_INFINITY
}

/** A row for each value of `by`: it, people of each step, median seconds from the first step to each. */
function statement({ fields, range }: Asked<Fields>): Sql {
  const { steps, by, limit, filters } = fields
  const key = findEventField(by ?? '')?.text
  const bits = bitsOf(range, steps.length)
  const numbers = steps.map((_, index) => NUMBERS[index] ?? sql`0`)
  const counts = join(
    numbers.map((number) => sql`countIf(reached[${number} + 1])`),
    sql`, `,
  )
  const medians = join(
    numbers.map(
      (number) => sql`quantileExactInclusiveIf(0.5)(elapsed[${number} + 1] / 1000, reached[${number} + 1])`,
    ),
    sql`, `,
  )
  return sql`SELECT q_key, [${counts}] AS counts, [${medians}]
FROM (
  SELECT ${key === undefined ? sql`'' AS q_key` : sql`q_key`},
    ${chains(steps.length, bits, bind('UInt64', windowMs(fields.window)))}
  FROM (
    SELECT person_id, arraySort(groupArray(${packed(steps, range.from, bits)} AS place)) AS places${key === undefined ? sql`` : sql`, argMinIf(${key}, place, bitTest(place, 0)) AS q_key`}
    ${fromEvents(range, [sql`person_id != ''`, ...namesCondition(steps), ...eventConditions({ events: [], filters })])}
      AND ${mask(steps)} != 0
    GROUP BY person_id
    HAVING arrayExists(place -> bitTest(place, 0), places)
  )
)
GROUP BY q_key
ORDER BY counts[1] DESC, q_key
LIMIT ${bind('UInt32', limit)}`
}

/** How the 64 bits of a place are shared out. */
interface Bits {
  steps: number
  /** Of the number in the stream; numbers that need more are taken for the largest. */
  seq: number
}

/**
 * What the times of the range and the steps leave is for the number in the stream: 18 bits (up to 262,143) with ten steps
 * in a range of two years, 31 with three in a week, 12 at least.
 */
function bitsOf({ from, to }: Span, steps: number): Bits {
  const time = (to - from).toString(2).length
  return { steps, seq: Math.min(SEQ_BITS, 64 - steps - time) }
}

/** The column `seq` has 32. */
const SEQ_BITS = 32

/**
 * Place and steps of an event in one number that sorts by time: milliseconds since the beginning of the range, its number in
 * the stream, and a bit for each step that it is of. Sorting numbers is many times quicker than sorting tuples. The first
 * millisecond is 1: 0 means none where chains are sought.
 */
function packed(steps: readonly Step[], from: number, { seq }: Bits): Sql {
  const time = sql`toUInt64(toUnixTimestamp64Milli(timestamp) - ${bind('UInt64', from)} + 1)`
  const number = sql`toUInt64(least(seq, ${bind('UInt32', 2 ** seq - 1)}))`
  return sql`bitShiftLeft(bitShiftLeft(${time}, ${bind('UInt32', seq)}) + ${number}, ${bind('UInt32', steps.length)}) + ${mask(steps)}`
}

function mask(steps: readonly Step[]): Sql {
  const bits = steps.map((step, index) => sql`if(${stepCondition(step)}, ${BITS[index] ?? sql`0`}, 0)`)
  return sql`(${join(bits, sql` + `)})`
}

/**
 * For each event and step: `start` is when the latest chain began that the event takes to this step, or 0; `open` is the
 * latest such beginning among the events before it. Chains only get later, so the last one seen is the latest.
 */
function chains(count: number, bits: Bits, window: ReturnType<typeof bind>): Sql {
  const levels = NUMBERS.slice(0, count).map((number, index) => {
    const start = START[index] ?? sql`start`
    const open = OPEN[index - 1]
    const begun =
      open === undefined
        ? sql`arrayMap((place, time) -> if(bitTest(place, 0), time, 0), places, times)`
        : sql`arrayMap((place, time, begun) -> if(bitTest(place, ${number}) AND begun != 0 AND time - begun <= ${window}, begun, 0), places, times, ${open})`
    return sql`${begun} AS ${start}, arrayPushFront(arrayPopBack(arrayFill(begun -> begun != 0, ${start})), 0) AS ${OPEN[index] ?? sql`open`}`
  })
  const reached = START.slice(0, count).map((start) => sql`arrayExists(begun -> begun != 0, ${start})`)
  const elapsed = START.slice(0, count).map(
    (start) =>
      sql`times[arrayFirstIndex(begun -> begun != 0, ${start})] - ${start}[arrayFirstIndex(begun -> begun != 0, ${start})]`,
  )
  return sql`arrayMap(place -> bitShiftRight(place, ${bind('UInt32', bits.seq + bits.steps)}), places) AS times,
    ${join(
      levels,
      sql`,
    `,
    )},
    [${join(reached, sql`, `)}] AS reached,
    [${join(elapsed, sql`, `)}] AS elapsed`
}

const NUMBERS = [sql`0`, sql`1`, sql`2`, sql`3`, sql`4`, sql`5`, sql`6`, sql`7`, sql`8`, sql`9`]
const BITS = [sql`1`, sql`2`, sql`4`, sql`8`, sql`16`, sql`32`, sql`64`, sql`128`, sql`256`, sql`512`]
const START = NUMBERS.map((number) => sql`start${number}`)
const OPEN = NUMBERS.map((number) => sql`open${number}`)
