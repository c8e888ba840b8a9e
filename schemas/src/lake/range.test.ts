import { describe, expect, it } from 'vitest'
import { isOpenEnded, parseLakeRange } from './range.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const DAY = 86_400_000

describe('a range of time', () => {
  it.each([
    [{}, 0, Date.UTC(2100, 0, 1)],
    [{ from: '7d' }, NOW - 7 * DAY, Date.UTC(2100, 0, 1)],
    [{ from: '2026-11-01', to: '2026-11-02' }, Date.UTC(2026, 10, 1), Date.UTC(2026, 10, 2)],
    [{ from: '2026-11-01T10:30', to: '24h' }, Date.UTC(2026, 10, 1, 10, 30), NOW - DAY],
    [{ from: '2026-11-01T10:00+02:00' }, Date.UTC(2026, 10, 1, 8), Date.UTC(2100, 0, 1)],
    [{ from: '1d', to: '2026-11-02' }, Date.UTC(2026, 10, 1), Date.UTC(2026, 10, 2)],
    [{ from: '2w', to: '90m' }, NOW - 14 * DAY, NOW - 90 * 60_000],
  ])('of %j is from %i to %i', (written, from, to) => {
    expect(parseLakeRange(written, NOW)).toEqual({ ok: true, range: { from, to } })
  })

  it.each([
    [{ from: 'yesterday' }, 'from', 'got "yesterday"'],
    [{ from: '2026-02-30' }, 'from', 'must be a time from 1970 to 2099'],
    [{ from: '0d' }, 'from', 'must be a time'],
    [{ from: '99999w' }, 'from', 'must be a time'],
    [{ to: '2100-01-01' }, 'to', 'must be a time'],
    [{ to: '' }, 'to', 'got ""'],
    [
      { from: '2026-11-02', to: '2026-11-02' },
      'from',
      'must be before to, which is 2026-11-02T00:00:00.000Z',
    ],
  ])('of %j is refused', (written, path, message) => {
    expect(parseLakeRange(written, NOW)).toEqual({
      ok: false,
      path,
      message: expect.stringContaining(message),
    })
  })

  it('is open where no end is given', () => {
    const ends = [{}, { to: '2026-11-02' }].map((written) => {
      const result = parseLakeRange(written, NOW)
      return result.ok && isOpenEnded(result.range)
    })
    expect(ends).toEqual([true, false])
  })
})
