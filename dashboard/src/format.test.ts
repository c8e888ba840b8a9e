import { expect, it } from 'vitest'
import {
  capitalize,
  countOf,
  formatCount,
  formatMoney,
  formatRate,
  formatShare,
  formatSpan,
  formatTick,
  listOf,
  nameCountry,
  nameTimes,
  shorten,
  toSentence,
} from './format.ts'

it.each([
  [0, '0'],
  [12_480.4, '12,480'],
  [1_230_000, '1.2M'],
  [null, '–'],
])('count %s is %s', (value, expected) => {
  expect(formatCount(value)).toBe(expected)
})

it.each([
  [0.037, '0.04'],
  [3.25, '3.3'],
  [118.4, '118'],
])('rate %s is %s', (value, expected) => {
  expect(formatRate(value)).toBe(expected)
})

it('tick of an axis is short', () => {
  expect([formatTick(0.5), formatTick(9_000), formatTick(20_000)]).toEqual(['0.5', '9,000', '20K'])
})

it.each([
  [0, '0 ms'],
  [420.4, '420 ms'],
  [3_240, '3.2 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [245_000, '4 min 5 s'],
  [7_800_000, '2 h 10 min'],
  [273_600_000, '3 d 4 h'],
  [-5, '0 ms'],
  [null, '–'],
])('span of %s ms is %s', (value, expected) => {
  expect(formatSpan(value)).toBe(expected)
})

it('share has a digit where it needs one', () => {
  expect([formatShare(0.4321), formatShare(1), formatShare(null)]).toEqual(['43.2%', '100%', '–'])
})

it('money has its currency, also one that is none', () => {
  expect(formatMoney(1_204.5, 'EUR')).toBe('€1,204.50')
  expect(formatMoney(12_000.4, 'EUR')).toBe('€12,000')
  expect(formatMoney(3, 'Taler!')).toBe('3 Taler!')
  expect(formatMoney(3, '')).toBe('3')
})

it('country has its name, also a code that is none', () => {
  expect([nameCountry('DE'), nameCountry('not a code')]).toEqual(['Germany', 'not a code'])
})

it('words agree with their number', () => {
  expect([countOf(1, 'event'), countOf(2, 'event'), countOf(0, 'delivery', 'deliveries')]).toEqual([
    '1 event',
    '2 events',
    '0 deliveries',
  ])
})

it('times of an axis have their day at midnight, and only days where they are days apart', () => {
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime()
  expect(nameTimes([at(21, 12), at(22, 0), at(22, 12)])).toEqual(['12:00', '22 Nov', '12:00'])
  expect(nameTimes([at(21, 0), at(22, 0), at(23, 0)])).toEqual(['21 Nov', '22 Nov', '23 Nov'])
  expect(nameTimes([at(1, 0), at(31, 0)])).toEqual(['Nov 2026', 'Dec 2026'])
  expect(nameTimes([at(21, 10)])).toEqual(['10:00'])
})

it('lists read as one does', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listOf)).toEqual(['', 'a', 'a and b', 'a, b and c'])
  expect([capitalize('mobile'), capitalize('')]).toEqual(['Mobile', ''])
})

it('sentence begins large and ends', () => {
  expect([toSentence('ask again'), toSentence('Ready!'), toSentence('')]).toEqual([
    'Ask again.',
    'Ready!',
    '',
  ])
})

it.each([
  ['twelve signs', 12, 'twelve signs'],
  ['thirteen signs', 12, 'thirteen si…'],
  ['😀'.repeat(5), 5, '😀'.repeat(5)],
  ['😀'.repeat(6), 5, '😀😀😀😀…'],
  ['x'.repeat(10_000), 3, 'xx…'],
  ['', 3, ''],
])('%j in %i characters is %j', (text, most, expected) => {
  expect(shorten(text, most)).toBe(expected)
})

it('what is no code of a currency is told in few characters', () => {
  expect(formatMoney(10, '<img src=x onerror=alert(1)>')).toBe('10 <img src=x …')
})
