/** Hostile questions for property tests: what is right in its shape and hostile in its values, and what is neither. */

import { FILTER_OPS } from '@millrace/schemas'
import fc from 'fast-check'
import { EXAMPLES } from './fakes.ts'
import { EVENT_FIELD_NAMES, SESSION_FIELD_NAMES } from './fields.ts'
import { QUESTION_NAMES, type QuestionName } from './questions.ts'

/** A question, and texts in it that must never be found in a statement. */
export interface HostileQuestion {
  name: QuestionName
  input: Record<string, unknown>
  needles: string[]
}

/** Marks a text so that it is not in the code by chance. */
const MARK = 'qz7'

const ATTACKS = [
  `' OR 1=1 --`,
  `'; DROP TABLE events; --`,
  `\\' OR source != '`,
  `{source:String}`,
  `') OR source IN ('blog`,
  '`source`',
  '/* */ UNION ALL SELECT * FROM events',
  '$\u007bsource}',
  '\u0000',
  '\n\t\r',
  '\ud800',
  '%27%20OR%201',
  '^`a`',
  'a.:String',
  'arr[]',
  '..',
  '%',
  'blog',
  'x'.repeat(3_000),
  '🐘'.repeat(50),
]

const text = fc
  .tuple(
    fc.constantFrom('', MARK),
    fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ unit: 'binary', maxLength: 40 })),
  )
  .map(([mark, attack]) => `${mark}${attack}${mark}`)

const anything = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 4 }),
  fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString')), text, {
    maxKeys: 3,
  }),
  fc.anything({ maxDepth: 2 }),
)

/** Steps of paths that are right by the grammar, and hostile all the same. */
const STEPS = [
  `' OR 1=1 --`,
  `{source:String}`,
  `a.:String`,
  'arr[]',
  '^a',
  'null',
  'size0',
  '"x"',
  '🐘',
  'a%2Eb',
  ' ',
  '\\',
  ':b',
]

function fieldOf(names: readonly string[]): fc.Arbitrary<string> {
  const object = fc.constantFrom('properties', 'traits', 'context', 'lookups')
  const path = (steps: fc.Arbitrary<string>) => fc.tuple(object, steps).map((parts) => parts.join('.'))
  const mild = fc.tuple(fc.constantFrom(MARK, ''), fc.constantFrom(...STEPS)).map((parts) => parts.join(''))
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...names) },
    { weight: 6, arbitrary: path(mild) },
    { weight: 1, arbitrary: path(text) },
    { weight: 1, arbitrary: fc.oneof(text, fc.constantFrom('__proto__', 'source', 'constructor', 'ip')) },
  )
}

/** Values for the fields that questions have, mostly right in their kind. */
function arbitrariesFor(names: readonly string[]): Record<string, fc.Arbitrary<unknown>> {
  const field = fieldOf(names)
  const list = fc.array(text, { minLength: 1, maxLength: 4 })
  const [texts, lists, numbers] = [FILTER_OPS.slice(0, 2), FILTER_OPS.slice(2, 4), FILTER_OPS.slice(8, 12)]
  const filter = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        field,
        op: fc.constantFrom(...texts),
        value: fc.oneof(text, fc.integer(), fc.boolean()),
      }),
    },
    { weight: 3, arbitrary: fc.record({ field, op: fc.constantFrom(...lists), value: list }) },
    {
      weight: 3,
      arbitrary: fc.record({ field, op: fc.constantFrom(...FILTER_OPS.slice(4, 8)), value: text }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        field,
        op: fc.constantFrom(...numbers),
        value: fc.oneof(fc.double(), fc.integer()),
      }),
    },
    { weight: 2, arbitrary: fc.record({ field, op: fc.constantFrom('exists', 'not_exists') }) },
    { weight: 1, arbitrary: fc.record({ field: anything, op: anything, value: anything }) },
  )
  const filters = fc.array(filter, { maxLength: 3 })
  const step = fc.oneof(text, fc.record({ event: text, filters }), fc.record({ filters }))
  return {
    field,
    by: fc.oneof(field, fc.array(field, { minLength: 1, maxLength: 2 })),
    filters,
    events: fc.array(text, { maxLength: 3 }),
    of: fc.oneof(field, fc.constantFrom('properties.price', 'pages', 'events')),
    steps: fc.array(step, { minLength: 2, maxLength: 4 }),
    first: step,
    returning: step,
    at: text,
    search: text,
    person: text,
    window: fc.oneof(text, fc.constantFrom('1h', '90d')),
    limit: fc.oneof(anything, fc.integer({ min: 1, max: 50 })),
    metric: fc.oneof(anything, fc.constantFrom('people', 'visitors', 'sessions', 'sum', 'avg', 'min', 'p50')),
    interval: fc.oneof(anything, fc.constantFrom('hour', 'day', 'week', 'month')),
    from: fc.oneof(text, fc.constantFrom('7d', '2026-10-05T00:00Z')),
    to: fc.oneof(text, fc.constantFrom('1h', '2026-10-09')),
    timeZone: fc.oneof(text, fc.constantFrom('Europe/Berlin', 'Asia/Kolkata', 'Etc/GMT+5', "UTC'")),
    using: fc.oneof(anything, fc.constantFrom('events', 'rollups')),
    list: anything,
    source: text,
  }
}

/** Each kind of question; one to three fields of the example that is right are replaced. */
export const questionArbitrary: fc.Arbitrary<HostileQuestion> = fc
  .constantFrom(...QUESTION_NAMES)
  .chain((name) => {
    const arbitraries = arbitrariesFor(name === 'sessions' ? SESSION_FIELD_NAMES : EVENT_FIELD_NAMES)
    const likely = [...Object.keys(EXAMPLES[name] ?? {}), 'filters', 'filters', 'filters', 'timeZone']
    const changed = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...likely) },
      { weight: 1, arbitrary: fc.constantFrom(...Object.keys(arbitraries)) },
    )
    const change = changed.chain((key) =>
      (arbitraries[key] ?? anything).map((value): [string, unknown] => [key, value]),
    )
    return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
      const input = { ...EXAMPLES[name], ...Object.fromEntries(changes) }
      return { name, input, needles: textsOf(input).filter((found) => found.includes(MARK)) }
    })
  })

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => [key, ...textsOf(part)])
}
