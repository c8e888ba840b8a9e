import { describe, expect, it } from 'vitest'
import { importHashKey } from '../enrich/keyed-hash.ts'
import { createCookielessIds, type VisitMarks } from './cookieless.ts'
import type { Salts } from './salts.ts'
import { lingeringDay, utcDay } from './utc-day.ts'

const at = (time: string) => Date.parse(`2026-11-${time}Z`)

/** Salts without a bucket: the text of the day. */
function createDaySalts(now: () => number): Salts {
  return {
    today: () => importHashKey(utcDay(now())),
    async yesterday() {
      const day = lingeringDay(now())
      return day === undefined ? undefined : importHashKey(day)
    },
  }
}

/** Marks that end when their time is over. */
function createFakeMarks(now: () => number) {
  const ends = new Map<string, number>()
  const marks: VisitMarks = {
    has: async (id) => (ends.get(id) ?? 0) > now(),
    mark: async (id, ttlSeconds) => void ends.set(id, now() + ttlSeconds * 1_000),
  }
  return { marks, ends }
}

function createIds(options: { marks?: VisitMarks; salts?: Salts } = {}) {
  const clock = { now: 0 }
  const now = () => clock.now
  const { marks, ends } = createFakeMarks(now)
  const ids = createCookielessIds({ salts: createDaySalts(now), marks, now, ...options })
  const idAt = (time: string, userAgent = 'ua') => {
    clock.now = at(time)
    return ids('shop', '192.0.2.1', userAgent)
  }
  return { ids, idAt, ends, clock }
}

describe('a cookieless id', () => {
  it('is 32 hex digits, the same all day, and another one the next', async () => {
    const { idAt } = createIds()
    const ids = [await idAt('21T00:00'), await idAt('21T23:59:59'), await idAt('22T09:00')]
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).not.toBe(ids[0])
  })

  it('differs by source, address and user agent, wherever one ends and the next begins', async () => {
    const { ids, clock } = createIds()
    clock.now = at('21T12:00')
    const visitors: [string, string, string][] = [
      ['shop', '192.0.2.1', 'ua'],
      ['blog', '192.0.2.1', 'ua'],
      ['shop', '192.0.2.2', 'ua'],
      ['shop', '192.0.2.1', 'ub'],
      ['shop', '192.0.2.1u', 'a'],
      ['shop', '', ''],
    ]
    const made = await Promise.all(visitors.map((visitor) => ids(...visitor)))
    expect(new Set(made).size).toBe(visitors.length)
  })
})

describe('a visit at midnight', () => {
  it('keeps its id while it goes on, until two', async () => {
    const { idAt } = createIds()
    const id = await idAt('21T23:45')
    for (const time of ['22T00:10', '22T00:35', '22T01:00', '22T01:25', '22T01:50', '22T01:59:59']) {
      expect([time, await idAt(time)]).toEqual([time, id])
    }
    expect(await idAt('22T02:00')).not.toBe(id)
  })

  it.each([
    ['21T23:31', '22T00:00:59', true],
    ['21T23:31', '22T00:01', false],
    ['21T23:29:59', '22T00:00', false],
    ['21T12:00', '22T00:00', false],
  ])('last seen at %s goes on at %s: %s', async (seen, next, isSame) => {
    const { idAt } = createIds()
    const id = await idAt(seen)
    expect((await idAt(next)) === id).toBe(isSame)
  })

  it('that has begun after midnight has the id of the new day throughout', async () => {
    const { idAt } = createIds()
    const id = await idAt('22T00:05')
    expect([await idAt('22T00:10'), await idAt('22T02:00'), await idAt('22T15:00')]).toEqual([id, id, id])
  })

  it('is remembered only where it matters', async () => {
    const { idAt, ends } = createIds()
    for (const time of ['21T02:00', '21T12:00', '21T23:29:59', '22T00:00', '22T01:00']) await idAt(time)
    expect(ends.size).toBe(0)
    await idAt('22T23:30')
    expect(ends.size).toBe(1)
  })

  it('gets an id when the marks are away', async () => {
    const away = () => Promise.reject(new Error('away'))
    const { idAt } = createIds({ marks: { has: away, mark: away } })
    const first = await idAt('21T23:45')
    expect(await idAt('21T12:00')).toBe(first)
    expect(await idAt('22T00:10')).toMatch(/^[0-9a-f]{32}$/)
  })
})

it.each([
  ['of today', { today: () => Promise.reject(new Error('away')), yesterday: async () => undefined }],
  ['of yesterday', { today: () => importHashKey('x'), yesterday: () => Promise.reject(new Error('away')) }],
])('no id is given without the salt %s', async (_, salts) => {
  await expect(createIds({ salts }).idAt('21T00:10')).rejects.toThrow('away')
})
