import { expect, it } from 'vitest'
import { formatVital, goodVital, rateVital } from './vitals.ts'

it.each([
  ['LCP', 2_500, 'good', '2.5 s'],
  ['LCP', 2_501, 'middling', '2.5 s'],
  ['LCP', 4_001, 'poor', '4 s'],
  ['CLS', 0.03, 'good', '0.030'],
  ['CLS', 0.26, 'poor', '0.26'],
  ['INP', 201, 'middling', '201 ms'],
  ['LCP', null, undefined, '–'],
  ['FID', 3, undefined, '3'],
  ['constructor', 3, undefined, '3'],
  ['__proto__', 3, undefined, '3'],
])('vital %s of %s is %s, and shown as %s', (name, value, rating, text) => {
  expect([rateVital(name, value), formatVital(name, value)]).toEqual([rating, text])
})

it('threshold of a vital has its unit', () => {
  expect([goodVital('toString'), goodVital('__proto__')]).toEqual(['', ''])
  expect([goodVital('LCP'), goodVital('CLS'), goodVital('FID')]).toEqual(['2.5 s', '0.1', ''])
})
