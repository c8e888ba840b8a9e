/** Numbers, times and events in the sentences that monitors say. */

import type { WindowFilter } from '@millrace/schemas/live'

const NUMBERS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 })
const SMALL_NUMBERS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })

/** `1,234.5`. */
export function numberText(value: number): string {
  return Math.abs(value) < 1 ? SMALL_NUMBERS.format(value) : NUMBERS.format(value)
}

/** `1 event`, `1,234 events`. */
export function countText(count: number, what = 'event'): string {
  return `${numberText(count)} ${what}${count === 1 ? '' : 's'}`
}

/** A share from 0 to 1 as `12.3 %`. */
export function shareText(share: number): string {
  return `${numberText(Math.round(share * 1_000) / 10)} %`
}

/** A duration in its two largest units: `1 h 5 min`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  if (first === -1) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

/** A time as `2026-11-22 10:07 UTC`, with seconds where there are some. */
export function timeText(ms: number): string {
  const text = new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
  return `${text.replace(/:00$/, '')} UTC`
}

/** What events are called that fulfil these conditions: by their name where that is one of them. */
export function eventsText(filters: readonly WindowFilter[] = []): string {
  const named = filters.find(({ field, op }) => field === 'event' && (op === 'is' || op === 'in'))
  if (named === undefined) return 'events'
  const names = Array.isArray(named.value) ? named.value.join(' or ') : String(named.value)
  return filters.length === 1 ? names : `such ${names}`
}

/** What turns the words after it round (Unicode Standard Annex 9, section 2). */
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** What a person is shown of a text that somebody sent: one line, of at most 100 characters, that changes none of those around it. */
export function shortText(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replaceAll(DIRECTIONS, '')
  return line.length <= 100 ? line : `${line.slice(0, 99).toWellFormed()}…`
}
