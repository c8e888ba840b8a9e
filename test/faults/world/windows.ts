/** Windows of the worlds: of each kind, with measures whose answers can be counted exactly. */

import type { WindowDefinition } from '@millrace/schemas/live'

/** Definitions for all sources. */
export const FAULT_WINDOWS: readonly WindowDefinition[] = [
  {
    name: 'by_name',
    by: ['event'],
    window: { kind: 'tumbling', size: '1m' },
    measures: { count: { kind: 'count' }, sum: { kind: 'sum', of: 'properties.amount' } },
  },
  {
    name: 'sliding',
    window: { kind: 'sliding', size: '2m', every: '1m' },
    measures: { count: { kind: 'count' } },
  },
  {
    name: 'visits',
    by: ['visitor_id'],
    window: { kind: 'session', gap: '1m' },
    measures: { events: { kind: 'count' } },
    maxGroups: 1_000,
  },
]
