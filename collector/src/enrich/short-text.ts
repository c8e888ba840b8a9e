/** Text from outside that becomes a fact: of the right kind, not empty, not endless, valid Unicode. */

/** Longest text of a fact about device, place or browser, in UTF-16 units. Real ones have under 60. */
export const MAX_FACT_LENGTH = 128

/** `value` cut to `maxLength` UTF-16 units with lone surrogates replaced; `undefined` when it is no text or empty. */
export function readShortText(value: unknown, maxLength = MAX_FACT_LENGTH): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return (value.length > maxLength ? value.slice(0, maxLength) : value).toWellFormed()
}
