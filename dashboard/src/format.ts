/** Numbers, times and spans as people read them. Pure: the time zone is the browser's. */

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const ONE_DIGIT = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const TWO_DIGITS = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const PERCENT = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 })
const SHORT_DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric' })
const PLACES = new Intl.DisplayNames('en', { type: 'region' })

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Stands where there is nothing to measure. */
export const NOTHING = '–'

/** `12,480`; from a million on `1.2M`. */
export function formatCount(value: number | null): string {
  if (value === null) return NOTHING
  return Math.abs(value) < 1_000_000 ? WHOLE.format(value) : SHORT.format(value)
}

/** `1,204,512`, however many: of numbers that must add up. */
export function formatExact(value: number): string {
  return WHOLE.format(value)
}

/** Short enough for an axis: `0.5`, `40`, `12K`. */
export function formatTick(value: number): string {
  return value < 10_000 ? formatRate(value) : SHORT.format(value)
}

/** Of events a second and the like: more digits the smaller it is. `0.04`, `3.2`, `118`. */
export function formatRate(value: number | null): string {
  if (value === null) return NOTHING
  const size = Math.abs(value)
  return (size >= 100 ? WHOLE : size >= 1 ? ONE_DIGIT : TWO_DIGITS).format(value)
}

/** `43.2%` of 0.432. */
export function formatShare(value: number | null): string {
  return value === null ? NOTHING : PERCENT.format(value)
}

/** An amount in a currency, `€1,204.50`; without a code that is one, the number and what stands for it. */
export function formatMoney(value: number | null, currency: string): string {
  if (value === null) return NOTHING
  try {
    const maximumFractionDigits = Math.abs(value) >= 10_000 ? 0 : 2
    return new Intl.NumberFormat('en', { style: 'currency', currency, maximumFractionDigits }).format(value)
  } catch {
    // Events say what they like.
    return `${TWO_DIGITS.format(value)} ${shorten(currency, MAX_CURRENCY)}`.trim()
  }
}

/** Longest name of a currency that is no code. */
export const MAX_CURRENCY = 12

/** A text of a stranger where there is room for so many characters; a cut one ends in an ellipsis. */
export function shorten(text: string, most: number): string {
  // Twice as many units hold that many characters, and of a long text no more is taken apart.
  const characters = [...text.slice(0, 2 * most + 2)]
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}

/** A span in its two largest units at most: `420 ms`, `3.2 s`, `4 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function formatSpan(ms: number | null): string {
  if (ms === null) return NOTHING
  const size = Math.max(0, ms)
  if (size < SECOND_MS) return `${WHOLE.format(size)} ms`
  if (size < 10 * SECOND_MS) return `${ONE_DIGIT.format(size / SECOND_MS)} s`
  if (size < MINUTE_MS) return `${WHOLE.format(Math.floor(size / SECOND_MS))} s`
  if (size < HOUR_MS) return twoUnits(size, MINUTE_MS, 'min', SECOND_MS, 's')
  if (size < DAY_MS) return twoUnits(size, HOUR_MS, 'h', MINUTE_MS, 'min')
  return twoUnits(size, DAY_MS, 'd', HOUR_MS, 'h')
}

function twoUnits(size: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const rest = Math.floor((size % largeMs) / smallMs)
  return `${WHOLE.format(Math.floor(size / largeMs))} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}

/** `22 Nov`, local time. */
export function formatShortDay(time: number): string {
  return SHORT_DAY.format(time)
}

/** `Nov 2026`, local time. */
export function formatMonth(time: number): string {
  return MONTH.format(time)
}

/**
 * Names of times that follow each other at one distance, as short as that allows: clocks with the day at each midnight, days, or
 * months. Local time.
 */
export function nameTimes(times: readonly number[]): string[] {
  const stepMs = (times[1] ?? 0) - (times[0] ?? 0)
  // A day with a change of the clock has 23 or 25 hours.
  if (stepMs >= 20 * HOUR_MS) return times.map(stepMs < 25 * DAY_MS ? formatShortDay : formatMonth)
  return times.map((time) => {
    const minute = formatMinute(time)
    return minute === '00:00' ? formatShortDay(time) : minute
  })
}

/** `10:31:04`. */
export function formatClock(time: number): string {
  return clock(time).slice(0, 8)
}

/** `10:31:04.250`. */
export function formatExactClock(time: number): string {
  return clock(time)
}

/** `10:31`. */
export function formatMinute(time: number): string {
  return clock(time).slice(0, 5)
}

/** `2026-11-22 10:31:04.250`, local time. */
export function formatMoment(time: number): string {
  return `${formatDay(time)} ${clock(time)}`
}

/** `2026-11-22`, local time. */
export function formatDay(time: number): string {
  const at = new Date(time)
  return `${at.getFullYear()}-${pad(at.getMonth() + 1, 2)}-${pad(at.getDate(), 2)}`
}

function clock(time: number): string {
  const at = new Date(time)
  return `${pad(at.getHours(), 2)}:${pad(at.getMinutes(), 2)}:${pad(at.getSeconds(), 2)}.${pad(at.getMilliseconds(), 3)}`
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

/** `Germany` of `DE`; what is no country's code as it is. */
export function nameCountry(code: string): string {
  try {
    return PLACES.of(code) ?? code
  } catch {
    // Events say what they like.
    return code
  }
}

/** `1 event`, `2 events`. */
export function countOf(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

/** With a capital at its beginning. */
export function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

/** With a capital at its beginning and a full stop at its end. */
export function toSentence(text: string): string {
  const trimmed = text.trim()
  const isEnded = /[.!?]$/.test(trimmed)
  return trimmed === '' ? '' : `${capitalize(trimmed)}${isEnded ? '' : '.'}`
}
