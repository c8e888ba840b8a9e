import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFakeStorage } from './fakes.ts'
import type { SessionSettings } from './session.ts'
import { createSessions } from './session.ts'
import { createStore } from './store.ts'

/** The visitor's time, because midnight is. */
const NOON_MS = new Date(2026, 0, 1, 12).getTime()
const MINUTE_MS = 60_000
const TIMEOUT_MS = 30 * MINUTE_MS
const HREF = 'https://shop.example/'

function setUp(settings: Partial<SessionSettings> = {}, storage = createFakeStorage()) {
  const store = createStore(
    () => storage,
    () => true,
  )
  const open = () =>
    createSessions(store, {
      ...{ sessionTimeoutMs: TIMEOUT_MS, sessionPerDay: false, sessionPerCampaign: false },
      ...settings,
    })
  return { storage, open, sessions: open() }
}

describe('session', () => {
  test('begins with the first event, and goes on as long as no pause is too long', () => {
    const { sessions } = setUp()
    const first = sessions.sessionOf(NOON_MS, HREF)
    expect(first).toEqual({
      id: expect.stringMatching(/^\w{16}$/),
      index: 1,
      start: new Date(NOON_MS).toISOString(),
      campaign: {},
    })
    for (let i = 1; i <= 5; i++) expect(sessions.sessionOf(NOON_MS + i * TIMEOUT_MS, HREF)).toBe(first)
    const second = sessions.sessionOf(NOON_MS + 6 * TIMEOUT_MS + 1, HREF)
    expect(second).toMatchObject({ index: 2, start: new Date(NOON_MS + 6 * TIMEOUT_MS + 1).toISOString() })
    expect(second.id).not.toBe(first.id)
  })

  test('goes on on the next page, and is counted on', () => {
    const { sessions, open } = setUp()
    const first = sessions.sessionOf(NOON_MS, HREF)
    sessions.save()
    expect(open().sessionOf(NOON_MS + TIMEOUT_MS, HREF)).toEqual(first)
    expect(open().sessionOf(NOON_MS + TIMEOUT_MS + 1, HREF)).toMatchObject({ index: 2 })
  })

  test('goes on in a tab that rested while another did not', () => {
    const { sessions, open } = setUp()
    const resting = open()
    const first = sessions.sessionOf(NOON_MS, HREF)
    sessions.save()
    expect(resting.sessionOf(NOON_MS, HREF)).toEqual(first)
    sessions.sessionOf(NOON_MS + 20 * MINUTE_MS, HREF)
    sessions.sessionOf(NOON_MS + 40 * MINUTE_MS, HREF)
    sessions.save()
    expect(resting.sessionOf(NOON_MS + 60 * MINUTE_MS, HREF)).toEqual(first)
  })

  test('is the other tab’s when that began another', () => {
    const { sessions, open } = setUp()
    const resting = open()
    sessions.sessionOf(NOON_MS, HREF)
    sessions.save()
    resting.sessionOf(NOON_MS, HREF)
    const second = sessions.sessionOf(NOON_MS + 2 * TIMEOUT_MS, HREF)
    sessions.save()
    expect(second.index).toBe(2)
    expect(resting.sessionOf(NOON_MS + 2 * TIMEOUT_MS + 1, HREF)).toEqual(second)
  })

  test('ends when it is told to, for later pages too', () => {
    const { sessions, open } = setUp()
    const first = sessions.sessionOf(NOON_MS, HREF)
    sessions.save()
    sessions.finish()
    const later = open()
    const second = sessions.sessionOf(NOON_MS + 1, HREF)
    expect(second).toMatchObject({ index: 2 })
    expect(second.id).not.toBe(first.id)
    expect(later.sessionOf(NOON_MS + 1, HREF)).toMatchObject({ index: 2 })
  })

  test('is found but not noted as one that was when it never began', () => {
    const { sessions, storage } = setUp()
    sessions.save()
    sessions.finish()
    expect(Object.keys(storage)).toEqual([])
    expect(sessions.sessionOf(NOON_MS, HREF)).toMatchObject({ index: 1 })
  })

  test('lives in memory where storage is refused', () => {
    const { sessions } = setUp({}, createFakeStorage({ isRefused: true }))
    const first = sessions.sessionOf(NOON_MS, HREF)
    sessions.save()
    expect(sessions.sessionOf(NOON_MS + MINUTE_MS, HREF)).toBe(first)
    expect(sessions.sessionOf(NOON_MS + 2 * TIMEOUT_MS, HREF)).toMatchObject({ index: 2 })
    sessions.finish()
    expect(sessions.sessionOf(NOON_MS + 2 * TIMEOUT_MS + 1, HREF)).toMatchObject({ index: 3 })
  })

  test.each([
    [true, 2],
    [false, 1],
  ])('ends at midnight: %j', (sessionPerDay, index) => {
    const { sessions } = setUp({ sessionPerDay })
    const midnightMs = new Date(2026, 0, 2).getTime()
    sessions.sessionOf(midnightMs - 1, HREF)
    expect(sessions.sessionOf(midnightMs, HREF).index).toBe(index)
    expect(sessions.sessionOf(midnightMs + 1, HREF).index).toBe(index)
  })
})

describe('campaign', () => {
  test('is what the address at the start says of it', () => {
    const parameters = {
      ...{ utm_source: 'news', UTM_Medium: 'mail', utm_term: 'ä ö', gclid: 'g', fbclid: 'f', msclkid: 'm' },
      ...{ gbraid: 'b', wbraid: 'w', li_fat_id: 'l', epik: 'e', igshid: 'i', ttclid: 't', rdt_cid: 'r' },
    }
    const query = new URLSearchParams({ ...parameters, page: '2', id: '3', sclid_not: '4' })
    const { sessions } = setUp()
    expect(sessions.sessionOf(NOON_MS, `${HREF}?${query}#utm_source=fragment`).campaign).toEqual(parameters)
    expect(sessions.sessionOf(NOON_MS, `${HREF}?utm_source=other`).campaign).toEqual(parameters)
  })

  test('keeps no more than stands in the address as it is sent', () => {
    const query = Array.from({ length: 5_000 }, (_, i) => `utm_${i}=${i}`).join('&')
    const { campaign } = setUp().sessions.sessionOf(NOON_MS, `${HREF}?utm_source=a&${query}`)
    expect(campaign).toMatchObject({ utm_source: 'a', utm_0: '0' })
    expect(JSON.stringify(campaign).length).toBeLessThan(4_096)
  })

  test('that is another begins a session where it may', () => {
    const visit = (sessionPerCampaign: boolean) => {
      const { sessions } = setUp({ sessionPerCampaign })
      const queries = ['?utm_source=a', '', '?page=2', '?utm_source=a', '?utm_source=b', '', '?gclid=1']
      return queries.map((query) => sessions.sessionOf(NOON_MS, HREF + query).index)
    }
    expect(visit(true)).toEqual([1, 1, 1, 1, 2, 2, 3])
    expect(visit(false)).toEqual([1, 1, 1, 1, 1, 1, 1])
  })

  test('begins no session in a second tab of the same link', () => {
    const { sessions, open } = setUp({ sessionPerCampaign: true })
    const first = sessions.sessionOf(NOON_MS, `${HREF}?utm_source=a`)
    sessions.save()
    expect(open().sessionOf(NOON_MS, `${HREF}?utm_source=a`)).toEqual(first)
  })
})

describe('corrupt note', () => {
  test.each([
    ...['1', 'true', '"text"', '{}', '[]', '[null]', '[1,2]', '["text",5]', '[{},5]', '[null,null]'],
    ...['{', '[{"index":"x"},5]', '[[],[]]', '{"0":{"id":"a"},"1":1}'],
  ])('%s is none', (text) => {
    const { sessions, storage } = setUp()
    storage.setItem('millrace.session', text)
    expect(() => sessions.finish()).not.toThrow()
    storage.setItem('millrace.session', text)
    expect(sessions.sessionOf(NOON_MS, HREF)).toEqual({
      id: expect.stringMatching(/^\w{16}$/),
      index: 1,
      start: new Date(NOON_MS).toISOString(),
      campaign: {},
    })
    sessions.save()
    expect(JSON.parse(storage.getItem('millrace.session') ?? '')[0]).toMatchObject({ index: 1 })
  })

  test('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const { sessions, storage } = setUp({ sessionPerDay: true, sessionPerCampaign: true })
        storage.setItem('millrace.session', text)
        expect(sessions.sessionOf(NOON_MS, `${HREF}?utm_source=a`).id).toMatch(/^\w{16}$/)
        sessions.save()
        sessions.finish()
      }),
    )
  })
})
