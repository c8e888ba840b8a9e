/** A warehouse for tests: keeps what it is asked, and answers with rows that are given. */

import type { Cell } from './question.ts'
import type { ReadRequest } from './reader.ts'

/** Answers every statement with the rows that `rowsOf` gives; default none. */
export function createFakeWarehouse(rowsOf: (request: ReadRequest) => Cell[][] = () => []) {
  const requests: ReadRequest[] = []
  return {
    requests,
    run: async (request: ReadRequest): Promise<Cell[][]> => {
      requests.push(request)
      return rowsOf(request)
    },
  }
}

/** A valid question of each kind, as a body. */
export const EXAMPLES: Record<string, Record<string, unknown>> = {
  timeseries: { by: 'properties.plan', metric: 'sum', of: 'properties.price', events: ['Order Completed'] },
  top: { field: 'page_path', metric: 'sessions' },
  breakdown: { by: ['country', 'traits.plan'], metric: 'p95', of: 'properties.price' },
  funnel: {
    steps: ['page', { event: 'Order Completed', filters: [{ field: 'country', op: 'is', value: 'DE' }] }],
    by: 'country',
  },
  retention: { first: 'page', returning: { filters: [{ field: 'properties.price', op: 'gt', value: 1 }] } },
  paths: { at: '/pricing', direction: 'before' },
  sessions: { by: 'entry_page', filters: [{ field: 'duration_seconds', op: 'gte', value: 1 }] },
  people: { search: 'ada' },
  live: {},
  freshness: {},
  books: {},
}
