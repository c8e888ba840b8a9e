/** Numeric measures of the configuration, as SQL that reads them from an event. */

import type { Measure } from '../source-settings.ts'

/** Measures of a source. */
export interface SourceMeasures {
  source: string
  measures: readonly Measure[]
}

/**
 * Largest absolute value that is counted. Sums are exact decimals of 38 digits, 6 of them behind the point, so a million
 * million of these fit.
 */
export const MAX_VALUE = 1e15

/**
 * An array of tuples `(name, value)` of one event, without those that it does not have as a finite number (or as text of
 * one) of at most {@link MAX_VALUE}. `undefined` where no source has a measure.
 */
export function measuresSql(sources: readonly SourceMeasures[]): string | undefined {
  const items = sources.flatMap(({ source, measures }) =>
    measures.map(({ name, path, events = [] }) => {
      const conditions = [`e.source = ${quoteText(source)}`]
      if (events.length > 0) conditions.push(`e.event IN (${events.map(quoteText).join(', ')})`)
      const value = `toFloat64OrNull(toString(e.${quotePath(path)}))`
      return `(${quoteText(name)}, if(${conditions.join(' AND ')}, ${value}, NULL))`
    }),
  )
  if (items.length === 0) return undefined
  return `arrayFilter(m -> ifNull(abs(tupleElement(m, 2)) <= ${MAX_VALUE}, false), [${items.join(', ')}])`
}

/** Each step between backticks; a dot inside a key is stored as `%2E`, so it cannot be confused with the path's. */
function quotePath(path: string): string {
  return path
    .split('.')
    .map((step) => `\`${step.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``)
    .join('.')
}

function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
