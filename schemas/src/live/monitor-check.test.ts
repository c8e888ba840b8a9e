// biome-ignore-all lint/suspicious/noThenProperty: the second event of a sequence is called so, and is no function.
import { describe, expect, it } from 'vitest'
import { checkMonitors } from './monitor-check.ts'
import type { MonitorDefinition, WebhookDefinition } from './monitor-definition.ts'
import { shippedWindows } from './shipped-windows.ts'
import { checkWebhooks } from './webhook-check.ts'

const session = {
  name: 'visits',
  by: ['visitor_id'],
  window: { kind: 'session', gap: '30m' },
  measures: { events: { kind: 'count' } },
} as const

const webhooks: WebhookDefinition[] = [
  { name: 'ops', url: 'https://ops.example/hook', secretVar: 'OPS_SECRET' },
]

const hourly = {
  name: 'hourly',
  window: { kind: 'tumbling', size: '1h' },
  measures: { count: { kind: 'count' } },
} as const

/** What a threshold of that window has besides. */
const MORE: Record<string, object> = {
  vitals: { measure: 'value.0.95', group: ['LCP'] },
  top_pages: { measure: 'visitors' },
}

const surroundings = { windows: [...shippedWindows, session, hourly], sources: ['shop', 'dev'], webhooks }

const where = [{ field: 'event', op: 'is', value: 'Order Completed' }] as const

/** One of each kind that is fine. */
const GOOD = {
  threshold: { kind: 'threshold', window: 'events', measure: 'count', above: 5 },
  drop: { kind: 'drop', where },
  freshness: { kind: 'freshness', stage: 'warehouse', olderThan: '5m' },
  quarantine_rate: { kind: 'quarantine_rate', above: 0.05 },
  null_rate: { kind: 'null_rate', event: 'page', property: 'page_path', above: 0.1 },
  drift: { kind: 'drift', property: 'properties.plan' },
  count_rule: { kind: 'count_rule', left: { where }, op: '<=', right: { where } },
  per_key: {
    kind: 'per_key',
    key: 'user_id',
    measure: { sum: 'properties.revenue' },
    window: '24h',
    above: 9,
  },
  sequence: { kind: 'sequence', key: 'user_id', first: { where }, then: { where }, within: '1h' },
  books: { kind: 'books' },
  gaps: { kind: 'gaps', above: 0 },
} as const

const check = (monitor: object) =>
  checkMonitors([{ name: 'm', ...monitor } as MonitorDefinition], surroundings)

const points = ['context.location.latitude', 'context.location.longitude'] as const
const distance = { kind: 'distance_miles', first: points, then: points }

describe('checkMonitors', () => {
  it.each(Object.entries(GOOD))('takes %s', (_kind, monitor) => {
    expect(() => check(monitor)).not.toThrow()
  })

  it.each<[string, object]>([
    ['a quantile', { ...GOOD.threshold, window: 'vitals', measure: 'value.0.95', group: ['LCP'] }],
    [
      'a group below',
      { kind: 'threshold', window: 'events', measure: 'count', group: ['page'], below: 1, forWindows: 3 },
    ],
    ['no groups below', { kind: 'threshold', window: 'active_visitors', measure: 'visitors', below: 1 }],
    ['sources and webhooks', { ...GOOD.drop, sources: ['shop', 'dev'], webhooks: ['ops'] }],
    ['no webhooks', { ...GOOD.drop, webhooks: [] }],
    ['books with a limit', { kind: 'books', olderThan: '2h', above: 1_000 }],
    ['a share of gaps', { kind: 'gaps', aboveShare: 0.01, window: '24h', min: 500 }],
    ['a day of a time zone', { ...GOOD.per_key, window: 'day', timeZone: 'Europe/Berlin', measure: 'count' }],
    [
      'persons',
      { ...GOOD.per_key, key: 'person_id', where: [{ field: 'person_id', op: 'is_not', value: 'x' }] },
    ],
    ['a distance', { ...GOOD.sequence, condition: [{ ...distance, above: 500 }] }],
    [
      'a comparison',
      {
        ...GOOD.sequence,
        absent: true,
        condition: [{ kind: 'compare', first: 'city', op: 'is_not', then: 'properties.city' }],
      },
    ],
  ])('takes %s', (_what, monitor) => {
    expect(() => check(monitor)).not.toThrow()
  })

  it.each<[string, object, string]>([
    ['a kind that is none', { kind: 'spike' }, 'monitors[0].kind must be one of threshold, drop'],
    [
      'a field that is none',
      { ...GOOD.drop, treshold: 1 },
      'monitors[0].treshold is not known; known are name',
    ],
    ['a bad name', { ...GOOD.drop, name: 'My Monitor' }, 'monitors[0].name must be 1 to 64 of a-z'],
    [
      'a source that is none',
      { ...GOOD.drop, sources: ['blog'] },
      'monitors[0].sources must be of shop, dev, got "blog"',
    ],
    [
      'a webhook that is none',
      { ...GOOD.drop, webhooks: ['x'] },
      'monitors[0].webhooks must be of ops, got "x"',
    ],
    ['a window that is none', { ...GOOD.threshold, window: 'x' }, 'monitors[0].window must be one of events'],
    [
      'a session window',
      { ...GOOD.threshold, window: 'visits', measure: 'events' },
      'monitors[0].window must be tumbling or sliding, got the session window "visits"',
    ],
    [
      'quantiles without one',
      { ...GOOD.threshold, window: 'vitals', measure: 'value' },
      'monitors[0].measure must be one of value.0.5, value.0.75, value.0.95, value.0.99, got "value"',
    ],
    [
      'a list of values',
      { ...GOOD.threshold, window: 'top_pages', measure: 'pages' },
      'must be one of visitors, got',
    ],
    [
      'no limit',
      { ...GOOD.threshold, above: undefined },
      'monitors[0] must have either above or below, got neither',
    ],
    ['two limits', { ...GOOD.threshold, below: 1 }, 'monitors[0] must have either above or below, got both'],
    [
      'groups that nobody knows',
      { kind: 'threshold', window: 'events', measure: 'count', below: 1 },
      'monitors[0].group must name one',
    ],
    [
      'a group too short',
      { ...GOOD.threshold, window: 'revenue', measure: 'orders', group: ['EUR'] },
      'monitors[0].group must have a value for each of',
    ],
    [
      'no duration',
      { ...GOOD.drop, window: '1d' },
      'monitors[0].window must be a duration of whole minutes from 5m to 24h, got "1d"',
    ],
    [
      'a duration that is too long',
      { ...GOOD.count_rule, window: '25h' },
      'monitors[0].window must be a duration from 1m to 24h',
    ],
    [
      'too few days',
      { ...GOOD.drop, days: 2 },
      'monitors[0].days must be a whole number from 3 to 28, got 2',
    ],
    [
      'a percentage as a share',
      { ...GOOD.quarantine_rate, above: 5 },
      'monitors[0].above must be a share below 1, got 5',
    ],
    [
      'a stage that is none',
      { ...GOOD.freshness, stage: 'r2' },
      'monitors[0].stage must be one of received, live',
    ],
    [
      'a field of nothing',
      { ...GOOD.null_rate, property: 'price' },
      'monitors[0].property must be one of visitor_id',
    ],
    ['an address', { ...GOOD.per_key, key: 'ip' }, 'monitors[0].key must be one of visitor_id'],
    [
      'a sum of text',
      { ...GOOD.per_key, measure: { sum: 'country' } },
      'monitors[0].measure.sum must be a field of numbers',
    ],
    [
      'another measure',
      { ...GOOD.per_key, measure: 'sum' },
      'monitors[0].measure must be "count" or { sum: field }',
    ],
    ['a time zone without days', { ...GOOD.per_key, timeZone: 'UTC' }, 'monitors[0].timeZone must be absent'],
    [
      'a time zone that is none',
      { ...GOOD.per_key, window: 'day', timeZone: 'Mars' },
      'monitors[0].timeZone must be a time zone such as Europe/Berlin, got "Mars"',
    ],
    [
      'a comparison of text as numbers',
      { ...GOOD.drop, where: [{ field: 'event', op: 'gt', value: 1 }] },
      'monitors[0].where[0] op must not compare: event is no number',
    ],
    [
      'a condition without a value',
      { ...GOOD.count_rule, left: { where: [{ field: 'event', op: 'is' }] } },
      'monitors[0].left.where[0] value is missing',
    ],
    [
      'a distance without a limit',
      { ...GOOD.sequence, condition: [distance] },
      'monitors[0].condition[0] must have either above or below, got neither',
    ],
    [
      'a distance of text',
      { ...GOOD.sequence, condition: [{ ...distance, above: 1, then: ['city', 'country'] }] },
      'monitors[0].condition[0].then[0] must be a field of numbers, got "city"',
    ],
    [
      'gaps without a limit',
      { kind: 'gaps' },
      'monitors[0] must have either above or aboveShare, got neither',
    ],
    [
      'gaps with two limits',
      { kind: 'gaps', above: 1, aboveShare: 0.1 },
      'monitors[0] must have either above or aboveShare, got both',
    ],
    [
      'books that are judged at once',
      { kind: 'books', olderThan: '1m' },
      'monitors[0].olderThan must be a duration from 5m to 24h, got "1m"',
    ],
    [
      'too much of everything',
      {
        ...GOOD.drop,
        where: [{ field: 'event', op: 'in', value: Array.from({ length: 50 }, () => 'x'.repeat(200)) }],
      },
      'monitors[0] must be at most 8000 characters long, got',
    ],
  ])('refuses %s', (_what, monitor, message) => {
    expect(() => check(monitor)).toThrow(message)
  })

  it.each<[string, number, '10m' | '6h' | undefined]>([
    ['top_pages', 12, undefined],
    ['hourly', 1, '10m'],
    ['hourly', 6, '6h'],
    ['events', 55, '10m'],
  ])('takes %s for %d windows where they are kept for %j', (window, forWindows, retention) => {
    const monitor = { ...GOOD.threshold, window, forWindows, ...MORE[window] }
    const live = retention === undefined ? {} : { live: { retention } }
    expect(() => checkMonitors([{ name: 'm', ...monitor }], { ...surroundings, ...live })).not.toThrow()
  })

  it.each<[string, number, '10m' | '6h' | undefined, string]>([
    [
      'top_pages',
      13,
      undefined,
      'at most 12, as one begins every 5m and is kept for 60m (live.retention), got 13',
    ],
    [
      'hourly',
      2,
      undefined,
      'at most 1, as one begins every 60m and is kept for 60m (live.retention), got 2',
    ],
    ['hourly', 7, '6h', 'at most 6, as one begins every 60m and is kept for 360m (live.retention), got 7'],
    ['vitals', 11, '10m', 'at most 10, as one begins every 1m and is kept for 10m (live.retention), got 11'],
  ])('refuses %s for %d windows where they are kept for %j', (window, forWindows, retention, message) => {
    const monitor = { name: 'm', ...GOOD.threshold, window, forWindows, ...MORE[window] }
    const live = retention === undefined ? {} : { live: { retention } }
    expect(() => checkMonitors([monitor], { ...surroundings, ...live })).toThrow(
      `monitors[0].forWindows must be ${message}`,
    )
  })

  it('refuses two of one name', () => {
    const twice = ['a', 'a'].map((name) => ({ name, ...GOOD.drop }))
    expect(() => checkMonitors(twice, surroundings)).toThrow('monitors[1].name must be unique, got "a" twice')
  })
})

describe('checkWebhooks', () => {
  it.each([
    'https://hooks.example/x?token=1',
    'http://localhost:9000/',
    'http://127.0.0.1/x',
    'http://[::1]:1/',
  ])('takes %s', (url) => {
    expect(() => checkWebhooks([{ name: 'ops', url, secretVar: 'S' }])).not.toThrow()
  })

  it('takes an address in a secret', () => {
    expect(() => checkWebhooks([{ name: 'ops', urlVar: 'U', secretVar: 'S' }])).not.toThrow()
  })

  it.each([
    'http://hooks.example/secret',
    'ftp://hooks.example/secret',
    'https://me:secret@hooks.example',
    'http://127.0.0.1.secret.example',
    '/secret',
  ])('refuses %s and does not repeat it', (url) => {
    const attempt = () => checkWebhooks([{ name: 'ops', url, secretVar: 'S' }])
    expect(attempt).toThrow('webhooks[0].url must be an https: address of a public host')
    expect(attempt).not.toThrow('secret')
  })

  it.each<[string, object, string]>([
    ['no address', { secretVar: 'S' }, 'webhooks[0] must have either url or urlVar, got neither'],
    [
      'two',
      { url: 'https://a.example', urlVar: 'U', secretVar: 'S' },
      'webhooks[0] must have either url or urlVar, got both',
    ],
    ['no secret', { urlVar: 'U' }, 'webhooks[0].secretVar must be the name of a Worker secret'],
    [
      'a secret in place of its name',
      { urlVar: 'U', secretVar: 'whsec_x' },
      'webhooks[0].secretVar must be the name',
    ],
  ])('refuses %s', (_what, webhook, message) => {
    expect(() => checkWebhooks([{ name: 'ops', ...webhook } as WebhookDefinition])).toThrow(message)
  })
})
