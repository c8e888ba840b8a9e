import type { TailEvent } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { type EventTextOptions, formatEvent, formatEventJson } from './event-text.ts'
import { buildTailEvent } from './fake-live.ts'

/** In whatever time zone the test runs. */
const AT = new Date(2026, 10, 22, 10, 7, 30, 45).getTime()

const TEXT: EventTextOptions = { isColoured: false, isFull: false, now: AT + 1_000 }

const build = (rest: Partial<TailEvent>) =>
  buildTailEvent('0123456789', { timestamp: AT, receivedAt: AT, ...rest })
const format = (rest: Partial<TailEvent>, options: Partial<EventTextOptions> = {}) =>
  formatEvent(build(rest), { ...TEXT, ...options })

describe('the line of an event', () => {
  it('tells when, how, what, where, who, and of what country and device', () => {
    const row = { page_path: '/products/42', user_id: 'u-1', country: 'DE', device_type: 'mobile' }
    expect(format({ row })).toBe(
      '10:07:30.045  accepted     page                /products/42                          user u-1       DE mobile\n',
    )
  })

  it.each([
    [
      'track',
      { properties: { id: 'p1', price: 2, tags: ['a'] }, page_path: '/x' },
      'id=p1 price=2 tags=["a"]',
    ],
    ['track', { page_path: '/x' }, '/x'],
    ['page', { page_path: '/x', properties: { a: 1 } }, '/x'],
    ['page', { properties: { a: 1 } }, 'a=1'],
    ['screen', { name: 'Home' }, 'Home'],
    ['identify', { traits: { plan: 'pro' }, properties: {} }, 'plan=pro'],
    ['group', { group_id: 'g1', traits: { seats: 3 } }, 'group_id=g1 seats=3'],
    ['alias', { previous_id: 'before' }, 'previous_id=before'],
    ['track', { properties: { note: 'x'.repeat(30) } }, `note=${'x'.repeat(23)}…`],
    ['page', { page_path: `/${'€'.repeat(70)}` }, `/${'€'.repeat(58)}…`],
    ['page', { page_path: '😀'.repeat(61) }, `${'😀'.repeat(59)}…`],
    ['page', {}, ''],
  ])('of a %s with %j tells %s', (type, row, told) => {
    const [, , , details = ''] = format({ type, event: type, row }).trimEnd().split(/ {2,}/)
    expect(details).toBe(told)
  })

  it('shortens the anonymous id, and the user id when it is long', () => {
    expect(format({ row: { anonymous_id: 'a1b2c3d4-e5f6' } })).toMatch(/ anon a1b2c3d4\n$/)
    expect(format({ row: { user_id: 'u', anonymous_id: 'a1b2c3d4-e5f6' } })).toMatch(/ user u\n$/)
    expect(format({ row: { user_id: 'u'.repeat(30) } })).toMatch(/ user u{23}…\n$/)
  })

  it('tells why an event was refused or left out', () => {
    const quarantined = {
      status: 'quarantined' as const,
      event: 'Order Completed',
      reason: 'plan_violation',
      path: 'properties.price',
      message: 'expected number, found "x"',
    }
    expect(format(quarantined)).toBe(
      '10:07:30.045  quarantined  Order Completed     plan_violation at properties.price: expected number, found "x"\n',
    )
    expect(format({ status: 'filtered', event: '', reason: 'bot' })).toBe(
      '10:07:30.045  filtered     message 01234567    bot\n',
    )
  })

  it('tells each violation below, but for the one that it was refused for', () => {
    const violation = (path: string, message: string) => ({ path, message, rule: 'r', found: 'f' })
    const violations = [violation('a', 'wrong'), violation('b', 'missing'), violation('', 'not planned')]
    expect(format({ violations }).split('\n').slice(1)).toEqual([
      '    violation  a: wrong',
      '    violation  b: missing',
      '    violation  not planned',
      '',
    ])
    const refused = format({ status: 'quarantined', path: 'a', message: 'wrong', violations })
    expect(refused.split('\n').slice(1, 2)).toEqual(['    violation  b: missing'])
    const many = Array.from({ length: 12 }, (_, index) => violation(`p${index}`, 'wrong'))
    expect(format({ violations: many }).split('\n').slice(10)).toEqual([
      '    violation  p9: wrong',
      '    … and 2 more; --full has all of them',
      '',
    ])
  })

  it('has the date where it is another day, and the time of an event that happened before', () => {
    expect(format({}, { now: AT + 86_400_000 })).toMatch(/^2026-11-22 10:07:30\.045 {2}accepted/)
    expect(format({ timestamp: AT - 60_000 })).toMatch(/ {2}happened 2026-11-22 10:06:30\.045\n$/)
    expect(format({ timestamp: AT - 59_999 })).not.toContain('happened')
  })

  it('colours the status alone, and aligns as without', () => {
    const coloured = format({}, { isColoured: true })
    expect(coloured).toContain('  \u001b[32maccepted\u001b[0m     page')
    expect(coloured.replace('\u001b[32m', '').replace('\u001b[0m', '')).toBe(format({}))
  })

  it('lets no terminal obey what it quotes', () => {
    const evil = '\u001b]0;owned\u0007\r\n\u009b2J\u202e\u2028\ud800'
    const row = { page_path: evil, user_id: evil, country: evil, device_type: evil, [evil]: evil }
    const violations = [{ path: evil, message: evil, rule: evil, found: evil }]
    const everywhere = {
      event: evil,
      type: evil,
      reason: evil,
      path: 'x',
      message: evil,
      raw: evil,
      violations,
    }
    for (const status of ['accepted', 'quarantined', evil as 'filtered'] as const) {
      for (const isFull of [false, true]) {
        const text = formatEvent(build({ ...everywhere, status, row: { ...row, properties: row } }), {
          ...TEXT,
          isFull,
        })
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
        expect(
          text
            .split('\n')
            .slice(1, -1)
            .every((line) => line.startsWith('    ')),
        ).toBe(true)
      }
    }
  })
})

describe('all of an event', () => {
  it('is its row, a field a line', () => {
    const row = {
      event: 'page',
      timestamp: Date.UTC(2026, 10, 22),
      properties: { a: 'x', list: [1] },
      violations: [],
    }
    expect(format({ row }, { isFull: true }).split('\n').slice(1)).toEqual([
      '    event            page',
      '    timestamp        2026-11-22T00:00:00.000Z',
      '    properties.a     x',
      '    properties.list  [1]',
      '',
    ])
  })

  it('is the text of a refused one, and says when there was more', () => {
    const { row: _, ...event } = build({ status: 'quarantined', index: 0, raw: '{"a":1', isCut: true })
    expect(
      formatEvent(event, { ...TEXT, isFull: true })
        .split('\n')
        .slice(1),
    ).toEqual([
      '    message_id  0123456789',
      '    batch_id    batch of 0123456789',
      '    index       0',
      '    raw         {"a":1',
      '    … text too long to be sent here',
      '',
    ])
  })
})

describe('an event as JSON', () => {
  it('is the event on one line, without anything that a terminal obeys', () => {
    const event = build({ event: '\u001b[2J\n\u009b\u2028\ud83d\u{e0001}😀ü"\\', row: { '\u0007': 1 } })
    const text = formatEventJson(event)
    expect(JSON.parse(text)).toEqual(event)
    expect(text).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]+\n$/u)
    expect(text).toContain('😀ü')
  })
})
