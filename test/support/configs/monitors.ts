// biome-ignore-all lint/suspicious/noThenProperty: the second event of a sequence is called so, and is no function.
/** A shop with a monitor of each kind, and a blog whose monitors are about what goes wrong on the way to a webhook. */

import { defineConfig, type MonitorDefinition, shippedWindows } from '@millrace/schemas/config'

const named = (event: string) => [{ field: 'event', op: 'is', value: event }] as const

const POINT = ['properties.latitude', 'properties.longitude'] as const

/** Fires when there was such an event in the last two minutes. */
function anyOf(name: string, event: string, webhook: string): MonitorDefinition {
  return {
    ...{ name, kind: 'count_rule', sources: ['blog'], webhooks: [webhook] },
    left: { where: named(event) },
    op: '<=',
    right: { where: named('Nothing') },
    window: '2m',
  }
}

const kinds: MonitorDefinition[] = [
  { name: 'threshold', kind: 'threshold', window: 'bursts', measure: 'count', above: 5 },
  { name: 'drop', kind: 'drop', where: named('Order Placed'), window: '5m', days: 3, min: 2 },
  { name: 'freshness', kind: 'freshness', stage: 'received', olderThan: '25m' },
  { name: 'quarantine_rate', kind: 'quarantine_rate', above: 0.1, window: '2m', min: 10 },
  {
    ...{ name: 'null_rate', kind: 'null_rate', event: 'Paid', property: 'properties.amount' },
    ...{ above: 0.5, window: '2m', min: 5 },
  },
  {
    ...{ name: 'drift', kind: 'drift', property: 'properties.plan', where: named('Signed Up') },
    ...{ window: '10m', days: 1, min: 20 },
  },
  {
    ...{ name: 'count_rule', kind: 'count_rule', window: '2m', slack: 1 },
    left: { where: named('Refunded') },
    op: '<=',
    right: { where: named('Bought') },
  },
  {
    ...{ name: 'per_key', kind: 'per_key', key: 'person_id', where: named('Bought'), window: '5m' },
    measure: { sum: 'properties.revenue' },
    above: 1_000,
  },
  {
    ...{ name: 'sequence', kind: 'sequence', key: 'user_id', within: '5m', lookback: '10m' },
    first: { where: named('Signed In') },
    then: { where: named('Bought Abroad') },
    condition: [{ kind: 'distance_miles', first: POINT, then: POINT, above: 500 }],
  },
]

export default defineConfig({
  sources: [
    { name: 'shop', writeKeys: ['wk_shop'], readTokenVar: 'SHOP_READ_TOKEN', rateLimits: false },
    { name: 'blog', writeKeys: ['wk_blog'], readTokenVar: 'BLOG_READ_TOKEN', rateLimits: false },
  ],
  windows: [
    ...shippedWindows,
    {
      name: 'bursts',
      where: named('Burst'),
      window: { kind: 'sliding', size: '2m', every: '10s' },
      measures: { count: { kind: 'count' } },
    },
  ],
  webhooks: [
    { name: 'ops', urlVar: 'OPS_URL', secretVar: 'OPS_SECRET' },
    { name: 'hanging', urlVar: 'HANGING_URL', secretVar: 'OPS_SECRET' },
  ],
  monitors: [
    ...kinds.map((monitor) => ({ ...monitor, sources: ['shop'], webhooks: ['ops'] })),
    anyOf('crashed', 'Crashed', 'ops'),
    anyOf('taken_out', 'Crashed', 'ops'),
    ...Array.from({ length: 6 }, (_, index) => anyOf(`hanging_${index}`, 'Hung', 'hanging')),
    anyOf('beside', 'Hung', 'ops'),
    {
      ...{ name: 'spike', kind: 'threshold', window: 'events', measure: 'count', group: ['Spike'] },
      ...{ above: 3, sources: ['blog'], webhooks: ['ops'] },
    },
  ],
})
