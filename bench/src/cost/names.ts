/** What results are called. Names are made here alone, because tables and documentation look them up. */

import type { Shape } from './runs.ts'

/** Millions of events a month that are composed. */
export const VOLUMES = [1, 10, 100, 1_000]

/** A longer wait of the consumer for a batch to fill, for those who need not see everything at once. */
export const PATIENT_SECONDS = 5

/** What it is called. */
export const PATIENT = `a batch waits ${PATIENT_SECONDS} s`

/** Size that most is told of. */
export const USUAL_SIZE = '650 B'

/** Names of results. */
export const NAMES = {
  shape: ({ events, size }: Shape) => `${events} ${events === 1 ? 'event' : 'events'} a request, ${size}`,
  million: (shape: string) => `${shape}: a million events`,
  withLogs: (shape: string) => `${shape}: a million events, each invocation logged`,
  amount: (shape: string, label: string) => `${shape}: ${label}`,
  price: (shape: string, label: string) => `${shape}: ${label}, list price`,
  month: (volume: number, shape: string) => `${volume} million a month, ${shape}`,
  peer: (volume: number, peer: string) => `${peer}: ${volume} million a month`,
  listPrice: (label: string) => `price list: ${label}`,
  included: (label: string) => `price list: ${label}, included a month`,
}

/** What goes on when nothing is sent. */
export const IDLE = 'without traffic, a month'
