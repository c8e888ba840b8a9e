import { expect, test } from 'vitest'
import { z } from 'zod'
import { sampleFormat, samplePattern } from './sample-text.ts'

test.each([
  /^ord-[a-z0-9]{3,8}$/,
  /^(?:wk|sk)_[A-F\d]{2}(-\w+)*$/,
  /^[^a-z]+$/,
  /^\d{4}-\d{2}-\d{2}T?$/,
  /^\+?[1-9]\d{1,14}$/,
  /^(?<year>\d+)\/.\s[\]\\^-]\x41\u0042$/,
  /^$|^a*b?$/,
  /needle/,
])('samples of %s match it', (pattern) => {
  const samples = samplePattern(pattern)
  expect(samples.filter((sample) => pattern.test(sample))).toEqual(samples)
  expect(new Set(samples).size).toBeGreaterThan(0)
})

test('samples differ in length and in their characters', () => {
  const samples = samplePattern(/^[a-z]{2,}$/)
  expect(new Set(samples.map((sample) => sample.length)).size).toBeGreaterThan(2)
  expect(samples.join('')).toMatch(/a.*z/)
})

test('what a sampler does not understand does no harm', () => {
  expect(samplePattern(/^(?=.*\d)(?!x)(\w){3}\1(?<=a)$/).length).toBeGreaterThan(0)
  expect(samplePattern(/a{100000}/)[0]).toHaveLength(100_000)
})

test.each([
  ['email', z.email()],
  ['url', z.url()],
  ['uuid', z.uuid()],
  ['guid', z.guid()],
  ['datetime', z.iso.datetime()],
  ['date', z.iso.date()],
  ['time', z.iso.time()],
  ['duration', z.iso.duration()],
  ['ipv4', z.ipv4()],
  ['ipv6', z.ipv6()],
  ['cidrv4', z.cidrv4()],
  ['cidrv6', z.cidrv6()],
  ['e164', z.e164()],
  ['base64', z.base64()],
  ['base64url', z.base64url()],
  ['jwt', z.jwt()],
  ['emoji', z.emoji()],
  ['cuid', z.cuid()],
  ['cuid2', z.cuid2()],
  ['ulid', z.ulid()],
  ['nanoid', z.nanoid()],
  ['ksuid', z.ksuid()],
  ['xid', z.xid()],
  ['hostname', z.hostname()],
] as const)('first sample of %s is one', (format, schema) => {
  expect(schema.safeParse(sampleFormat(format)[0]).success).toBe(true)
})

test('unknown format has no samples', () => {
  expect(sampleFormat('shoe_size')).toEqual([])
})
