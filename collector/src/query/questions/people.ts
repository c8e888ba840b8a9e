/** The question `people`: who was there, newest first; who is like a text; or the timeline of one person. */

import { bind, join, type Sql, sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { findEventField } from '../fields.ts'
import { type Filter, filterConditions } from '../filters.ts'
import { eventFiltersSchema } from '../metrics.ts'
import { type Asked, type Cell, defineQuestion, type Found, wholeNumber } from '../question.ts'
import { fromEvents } from '../relations.ts'

interface Fields {
  search?: string | undefined
  person?: string | undefined
  limit: number
  filters: Filter[]
}

const schema = z
  .strictObject({
    search: z.string().min(1).max(200).optional().describe('A part of an id or of a trait, in any case'),
    person: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('Id of a person, whose events are told newest first'),
    limit: wholeNumber(1, 1_000).default(50),
    filters: eventFiltersSchema,
  })
  .superRefine(({ search, person }, context) => {
    if (search !== undefined && person !== undefined)
      context.addIssue({ code: 'custom', path: ['search'], message: 'must be absent beside person' })
  })

export const people = defineQuestion<Fields>({
  summary: 'People, those seen last first; or the timeline of one',
  schema,
  hasRange: true,
  async answer(asked) {
    const { person } = asked.fields
    const found = person === undefined ? await listPeople(asked) : await timelineOf(asked, person)
    return { readFrom: 'events', ...found }
  },
})

const KNOWN_USER = sql`NOT bitTest(placeholder_ids, 0)`

/** Most ids of a person that are listed. */
const MAX_IDS = sql`20`

const COLUMNS = [
  'person',
  'firstSeen',
  'lastSeen',
  'events',
  'pageViews',
  'userIds',
  'anonymousIds',
  'traits',
]

/**
 * Eight digits for an id of any length: a thousand of them fit into an address, where the ids themselves would not, and
 * would end up in logs. Two people rarely share one, and then the other's traits are read in vain.
 */
const SHORT_HASH = sql`cityHash64(person_id) % 100000000`

async function listPeople({ fields, range, ask }: Asked<Fields>): Promise<Omit<Found, 'readFrom'>> {
  const isLike =
    fields.search === undefined ? [] : [sql`person_id IN (${peopleLike(fields.search, fields, range)})`]
  const conditions = [sql`person_id != ''`, ...filterConditions(fields.filters, findEventField), ...isLike]
  const rows =
    await ask(sql`SELECT person_id, min(timestamp), max(timestamp) AS seen, count(), countIf(type IN ('page', 'screen')),
  arraySort(groupUniqArrayIf(${MAX_IDS})(user_id, ${KNOWN_USER})),
  uniqExactIf(cityHash64(anonymous_id), NOT bitTest(placeholder_ids, 1)), ${SHORT_HASH}
${fromEvents(range, conditions)}
GROUP BY person_id
ORDER BY seen DESC, person_id
LIMIT ${bind('UInt32', fields.limit)}`)
  const traits = await traitsOf(
    rows.map((row) => Number(row[COLUMNS.length - 1])),
    range,
    ask,
  )
  return {
    columns: COLUMNS,
    // In the place of the traits was the hash.
    rows: rows.map((row) => [...row.slice(0, -1), traits.get(String(row[0])) ?? null]),
  }
}

/** Ids of people that have the text in an id, or in a trait of an identify event. */
function peopleLike(search: string, fields: Fields, range: Asked<Fields>['range']): Sql {
  const text = bind('String', search)
  const inIds = [sql`person_id`, sql`user_id`, sql`anonymous_id`].map(
    (id) => sql`positionCaseInsensitiveUTF8(${id}, ${text}) > 0`,
  )
  const inTraits = sql`(type = 'identify' AND positionCaseInsensitiveUTF8(toJSONString(traits), ${text}) > 0)`
  const conditions = filterConditions(fields.filters, findEventField)
  return sql`SELECT person_id ${fromEvents(range, [...conditions, sql`(${join([...inIds, inTraits], sql` OR `)})`])}`
}

/** Traits of the latest identify event of each person that has such a {@link SHORT_HASH} and one in the range. */
async function traitsOf(
  hashes: readonly number[],
  range: Asked<Fields>['range'],
  ask: Asked<Fields>['ask'],
): Promise<Map<string, Cell>> {
  if (hashes.length === 0) return new Map()
  const rows = await ask(sql`SELECT person_id, argMax(toJSONString(traits), (timestamp, message_id))
${fromEvents(range, [sql`type = 'identify'`, sql`${SHORT_HASH} IN ${bind('Array(UInt32)', hashes)}`])}
GROUP BY person_id`)
  return new Map(rows.map(([id, traits]) => [String(id), parseObject(traits)]))
}

async function timelineOf(
  { fields, range, ask }: Asked<Fields>,
  person: string,
): Promise<Omit<Found, 'readFrom'>> {
  const conditions = [
    sql`person_id = ${bind('String', person)}`,
    ...filterConditions(fields.filters, findEventField),
  ]
  const rows =
    await ask(sql`SELECT timestamp, type, event, if(type = 'screen', name, page_path), page_title, session_id,
  user_id, anonymous_id, country, device_type, toJSONString(properties), toJSONString(traits), message_id
${fromEvents(range, conditions)}
ORDER BY timestamp DESC, seq DESC, message_id
LIMIT ${bind('UInt32', fields.limit)}`)
  return {
    columns: [
      ...[
        'timestamp',
        'type',
        'event',
        'page',
        'title',
        'session',
        'userId',
        'anonymousId',
        'country',
        'device',
      ],
      ...['properties', 'traits', 'messageId'],
    ],
    rows: rows.map((row) =>
      row.map((cell, index) => (index === 10 || index === 11 ? parseObject(cell) : cell)),
    ),
  }
}

/** Objects come as their text, as ClickHouse writes them. */
function parseObject(text: Cell | undefined): Cell {
  try {
    return JSON.parse(String(text))
  } catch {
    // A number beyond JSON's, which ClickHouse writes as nan or inf.
    return null
  }
}
