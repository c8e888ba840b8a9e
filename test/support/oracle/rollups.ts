/** Counts by window, by definition. */

import type { OracleEvent } from './events.ts'

/** A row of a roll-up. */
export interface OracleWindow {
  window: number
  event: string
  measure: string
  events: number
  people: number
  sessions: number
  value_count: number
  /** Decimal text with six digits behind the point. */
  value_sum: string
  value_min: number
  value_max: number
}

/** What an event is counted by. */
export interface Counted {
  event: OracleEvent
  person: string
  /** Anything that tells sessions apart; `undefined` for an event without one. */
  session: unknown
}

/** Rows of windows of that many milliseconds. */
export function countWindows(counted: readonly Counted[], windowMs: number): OracleWindow[] {
  const keyed = Map.groupBy(
    counted,
    ({ event }) => `${Math.floor(event.at / windowMs) * windowMs} ${event.event}`,
  )
  return [...keyed].flatMap(([key, items]) => {
    const [window = '', ...words] = key.split(' ')
    const shared = { window: Number(window), event: words.join(' ') }
    const values = items.flatMap(({ event }) => (event.revenue === undefined ? [] : [event.revenue]))
    const row: OracleWindow = {
      ...shared,
      measure: '',
      events: items.length,
      people: new Set(items.map(({ person }) => person).filter((person) => person !== '')).size,
      sessions: new Set(items.map(({ session }) => session).filter((session) => session !== undefined)).size,
      value_count: 0,
      value_sum: '0',
      value_min: 0,
      value_max: 0,
    }
    if (values.length === 0) return [row]
    const millionths = values.reduce((sum, value) => sum + BigInt(Math.round(value * 1_000_000)), 0n)
    const measured: OracleWindow = {
      ...shared,
      measure: 'revenue',
      events: 0,
      people: 0,
      sessions: 0,
      value_count: values.length,
      value_sum: decimal(millionths),
      value_min: Math.min(...values),
      value_max: Math.max(...values),
    }
    return [row, measured]
  })
}

/** A row of views of an hour by the values of a field. */
export interface OracleFieldHour {
  window: number
  field: string
  event: string
  value: string
  events: number
  people: number
}

/** Fields that the oracle reads too. */
export const ORACLE_FIELDS: Record<string, (event: OracleEvent) => string> = {
  country: ({ country }) => country,
  campaign_source: ({ campaign }) => campaign[0] ?? '',
  campaign_medium: ({ campaign }) => campaign[1] ?? '',
  campaign_name: ({ campaign }) => campaign[2] ?? '',
}

/** Page and screen views of each hour by those fields. */
export function countFields(counted: readonly Counted[]): OracleFieldHour[] {
  const views = counted.filter(({ event }) => event.event === 'page' || event.event === 'screen')
  return Object.entries(ORACLE_FIELDS).flatMap(([field, read]) => {
    const keyed = Map.groupBy(views, ({ event }) =>
      JSON.stringify([Math.floor(event.at / 3_600_000) * 3_600_000, event.event, read(event)]),
    )
    return [...keyed].map(([key, items]) => {
      const [window, event, value] = JSON.parse(key) as [number, string, string]
      const people = new Set(items.map(({ person }) => person).filter((person) => person !== '')).size
      return { window, field, event, value, events: items.length, people }
    })
  })
}

/** As ClickHouse writes a Decimal: without zeros at the end. */
function decimal(millionths: bigint): string {
  const sign = millionths < 0n ? '-' : ''
  const digits = String(millionths < 0n ? -millionths : millionths).padStart(7, '0')
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`.replace(/\.?0+$/, '')
}
