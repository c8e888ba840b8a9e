import { describe, expect, it } from 'vitest'
import { EXAMPLES } from './fakes.ts'
import { parseQuestion, readSearch } from './parse-question.ts'
import { QUESTION_NAMES, type QuestionName } from './questions.ts'

const NOW = Date.parse('2026-11-22T10:07:30Z')

const parse = (name: QuestionName, input: Record<string, unknown>) => parseQuestion(name, input, NOW)

function echoOf(name: QuestionName, input: Record<string, unknown>) {
  const question = parse(name, input)
  if (!question.ok) throw new Error(`${question.path} ${question.message}`)
  return question.echo
}

function mistakeOf(name: QuestionName, input: Record<string, unknown>): string {
  const question = parse(name, input)
  return question.ok ? 'none' : `${question.path} ${question.message}`
}

describe('a question', () => {
  it.each(QUESTION_NAMES)('of the kind %s has an example that is right', (name) => {
    expect(mistakeOf(name, EXAMPLES[name] ?? {})).toBe('none')
  })

  it('is about the last seven days, up to the five minutes that have begun', () => {
    expect(echoOf('top', { field: 'country' })).toMatchObject({
      from: '2026-11-15T10:10:00.000Z',
      to: '2026-11-22T10:10:00.000Z',
      timeZone: 'UTC',
    })
  })

  it('of less than a day ends with the minute that has begun, one of now with ten seconds', () => {
    expect(echoOf('top', { field: 'country', from: '1h' })).toMatchObject({
      from: '2026-11-22T09:08:00.000Z',
      to: '2026-11-22T10:08:00.000Z',
    })
    const live = parse('live', {})
    expect(live.ok && live.range).toMatchObject({ to: Date.parse('2026-11-22T10:07:30Z'), ttlSeconds: 10 })
  })

  it('is the same for all who ask it within that time', () => {
    const ask = (ms: number) => JSON.stringify(parseQuestion('top', { field: 'country' }, NOW + ms))
    expect(ask(0)).toBe(ask(149_000))
    expect(ask(0)).not.toBe(ask(151_000))
  })

  it('over time begins with a bucket when its beginning is a duration', () => {
    expect(echoOf('timeseries', { from: '7d', timeZone: 'Europe/Berlin' })).toMatchObject({
      interval: 'day',
      from: '2026-11-14T23:00:00.000Z',
    })
    expect(echoOf('timeseries', { from: '2026-11-15T10:00Z' })).toMatchObject({
      from: '2026-11-15T10:00:00.000Z',
    })
  })

  it('of the past is current for an hour', () => {
    const past = parse('top', { field: 'country', from: '2026-11-01', to: '2026-11-08' })
    expect(past.ok && past.range).toMatchObject({
      from: Date.parse('2026-11-01'),
      to: Date.parse('2026-11-08'),
      ttlSeconds: 3_600,
    })
    expect(echoOf('top', { field: 'country', from: '1d', to: '2026-11-08' })).toMatchObject({
      from: '2026-11-07T00:00:00.000Z',
    })
  })
})

describe('a mistake', () => {
  it.each<[QuestionName, Record<string, unknown>, string]>([
    ['top', {}, 'field is missing: it must be the name of a field, such as page_path'],
    ['breakdown', {}, 'by is missing: it must be a list'],
    ['funnel', {}, 'steps is missing: it must be a list'],
    ['funnel', { steps: ['', 'page'] }, 'steps[0].event must not be empty, got ""'],
    ['retention', {}, 'first is missing: it must be the name of an event, or an object'],
    ['people', { person: '' }, 'person must not be empty, got ""'],
    ['top', { field: 'page_pth' }, 'got "page_pth"; did you mean page_path?'],
    ['top', { field: 'nope' }, 'field must be one of type, event, name,'],
    ['top', { field: 'nope' }, 'got "nope"'],
    [
      'top',
      { field: 'ip' },
      'field must be another field: addresses of people cannot be asked for, got "ip"',
    ],
    ['top', { field: '__proto__' }, 'field must be one of'],
    ['top', { field: 'properties.' }, 'or a path such as properties.plan'],
    ['top', { field: 'properties.a`b' }, 'field must be one of'],
    ['top', { field: `properties.${'x'.repeat(300)}` }, 'field must be at most 256 characters long'],
    [
      'top',
      { field: 'country', using: 'rollups' },
      'using cannot be read from roll-ups: by the values of a field they have the events page and screen',
    ],
    [
      'top',
      { field: 'locale', events: ['page'], using: 'rollups' },
      'roll-ups: they have one of page_path, name,',
    ],
    [
      'top',
      { field: 'city', events: ['page'], metric: 'sessions', using: 'rollups' },
      'they have events and people',
    ],
    [
      'breakdown',
      { by: ['city', 'country'], events: ['page'], using: 'rollups' },
      'roll-ups: they have one of page_path',
    ],
    ['top', { field: 'country', limit: '1001' }, 'limit must be at most 1000, got "1001"'],
    ['top', { field: 'country', limit: 'many' }, 'limit must be a number, got "many"'],
    ['top', { field: 'country', metric: 'sum' }, 'of must be the field to take the sum of'],
    ['top', { field: 'country', metric: 'sum', of: 'country' }, 'of must be a field that has numbers'],
    ['top', { field: 'country', of: 'properties.price' }, 'of must be absent, as events counts'],
    [
      'top',
      { field: 'country', metric: 'clicks' },
      'metric must be one of events, people, visitors, sessions, sum',
    ],
    ['top', { field: 'country', colour: 1 }, 'the question has no field "colour"; known: field, metric, of'],
    [
      'top',
      { field: 'country', from: 'yesterday' },
      'from must be a time from 1970 to 2099 such as 2026-11-22',
    ],
    ['top', { field: 'country', from: '2026-02-30' }, 'got "2026-02-30"'],
    ['top', { field: 'country', from: '0d' }, 'from must be at least 1m, got "0d"'],
    ['top', { field: 'country', to: '00h' }, 'to must be at least 1m, got "00h"'],
    [
      'top',
      { field: 'country', from: '3000w' },
      'from must be shorter: it goes back to before 1970, got "3000w"',
    ],
    ['top', { field: 'country', from: '999999d' }, 'from must be shorter: it goes back to before 1970'],
    ['top', { field: 'country', from: '2026-11-22', to: '2026-11-22' }, 'from must be before to'],
    ['top', { field: 'country', from: 7 }, 'from must be a text, got 7'],
    [
      'top',
      { field: 'country', timeZone: 'Mars' },
      'timeZone must be the name of a time zone such as Europe/Berlin',
    ],
    ['top', { field: 'country', filters: 'x' }, 'filters must be a list, got "x"'],
    [
      'top',
      { field: 'country', filters: ['country'] },
      'filters[0] must have a field, an op and mostly a value',
    ],
    [
      'top',
      { field: 'country', filters: [{}] },
      'filters[0].op is missing: it must be one of is, is_not, in,',
    ],
    ['top', { field: 'country', filters: [{ field: 'city', op: 'equals', value: 1 }] }, 'got "equals"'],
    [
      'top',
      { field: 'country', filters: [{ field: 'city', op: 'gt', value: 1 }] },
      'filters[0].op must not compare',
    ],
    [
      'top',
      { field: 'country', filters: [{ field: 'asn', op: 'gt', value: 'x' }] },
      'filters[0].value must be a number, got "x"',
    ],
    [
      'top',
      { field: 'country', filters: [{ field: 'asn', op: 'is' }] },
      'filters[0].value is missing: it must be a text or a number',
    ],
    [
      'top',
      { field: 'country', filters: [{ field: 'asn', op: 'exists', value: 1 }] },
      'filters[0] has no field "value"',
    ],
    ['breakdown', { by: ['city', 'country', 'region'] }, 'by must be at most 2 in number'],
    ['funnel', { steps: ['page'] }, 'steps must be at least 2 in number'],
    ['funnel', { steps: ['page', {}] }, 'steps[1] must have an event or filters'],
    ['funnel', { steps: ['page', 'page'], window: '91d' }, 'window must be a duration up to 90d'],
    ['timeseries', { from: '60d', interval: 'minute' }, 'interval must be longer, or the range shorter'],
    [
      'books',
      { from: '2000d' },
      'from is too long before the end of the range: the books of at most 1500 days',
    ],
    ['books', { from: '100d', interval: 'hour' }, 'interval must be longer, or the range shorter'],
    ['timeseries', { by: 'country', using: 'rollups' }, 'using cannot be read from roll-ups'],
    [
      'timeseries',
      { metric: 'sum', of: 'measures.revenue', by: 'country' },
      'of cannot be read from roll-ups',
    ],
    ['sessions', { by: 'page_path' }, 'by must be one of entry_page'],
    ['sessions', { by: 'country', list: true }, 'by must be absent beside list'],
    ['live', { from: '7d' }, 'the question has no field "from"'],
  ])('of %s %j is told', (name, input, expected) => {
    const told = mistakeOf(name, input)
    expect(told.startsWith(' ') ? `the question${told}` : told).toContain(expected)
  })
})

describe('roll-ups', () => {
  it.each<[QuestionName, Record<string, unknown>]>([
    ['timeseries', { interval: 'day' }],
    ['top', { field: 'country', events: ['page'] }],
    ['breakdown', { by: 'country', events: ['page'] }],
  ])('are refused to %s from before the time that they are kept', (name, input) => {
    const ask = (from: string, more: object = {}) =>
      parseQuestion(name, { ...input, from, using: 'rollups', ...more }, NOW, {
        retention: { rollupsDays: 30 },
      })
    expect(ask('29d')).toMatchObject({ ok: true, rollupsSince: Date.parse('2026-10-23T10:07:30Z') })
    expect(ask('31d', { using: 'auto' })).toMatchObject({ ok: true })
    expect(ask('31d')).toEqual({
      ok: false,
      path: 'using',
      message:
        'cannot be read from roll-ups: they are kept since 2026-10-23T10:07:30.000Z, so from must not be before',
    })
  })
})

describe('a query string', () => {
  it.each<[string, object]>([
    ['event=page&event=Order%20Completed', { events: ['page', 'Order Completed'] }],
    [
      'filter=page_path:contains:a:b&filter=country:exists',
      {
        filters: [
          { field: 'page_path', op: 'contains', value: 'a:b' },
          { field: 'country', op: 'exists' },
        ],
      },
    ],
    ['step=page&step=page', { steps: ['page', 'page'] }],
    ['steps=["page",{"event":"x"}]', { steps: ['page', { event: 'x' }] }],
    [
      'filters=[{"field":"country","op":"is","value":"DE"}]',
      { filters: [{ field: 'country', op: 'is', value: 'DE' }] },
    ],
    ['by=country&by=city&limit=5', { by: ['country', 'city'], limit: '5' }],
    ['by=country', { by: 'country' }],
    ['filters=[{', { filters: ['[{'] }],
    ['filter=x', { filters: ['x'] }],
    ['at=[a]', { at: '[a]' }],
  ])('%s is read', (search, expected) => expect(readSearch(new URLSearchParams(search))).toEqual(expected))

  it('has a list in one filter, by commas', () => {
    const input = readSearch(new URLSearchParams('field=city&filter=country:in:DE,FR'))
    expect(echoOf('top', input)).toMatchObject({
      filters: [{ field: 'country', op: 'in', value: ['DE', 'FR'] }],
    })
  })
})

describe('a measure', () => {
  const ask = (of: string, settings?: object) =>
    parseQuestion(
      'timeseries',
      { metric: 'sum', of, interval: 'day', from: '2026-11-01', to: '2026-11-02' },
      NOW,
      settings,
    )

  it('of the source is known, another is refused with those that there are', () => {
    const measures = [{ name: 'revenue', path: 'properties.revenue' }]
    expect(ask('measures.revenue', { measures })).toMatchObject({ ok: true })
    expect(ask('measures.revenu', { measures })).toEqual({
      ok: false,
      path: 'of',
      message:
        'must be a measure of the source in the configuration, and it has revenue; got "measures.revenu"',
    })
    expect(ask('measures.revenue', {})).toMatchObject({
      ok: false,
      message: expect.stringContaining('it has none'),
    })
    expect(ask('measures.revenue')).toMatchObject({ ok: true })
  })
})
