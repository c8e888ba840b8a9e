import { describe, expect, it } from 'vitest'
import { parseClientMessage, readWatchOptions } from './client-message.ts'

const tail = (filters: unknown, statuses?: unknown) =>
  parseClientMessage(JSON.stringify({ type: 'tail', filters, statuses }))

describe('a message of one who watches', () => {
  it('acknowledges, or chooses events', () => {
    expect(parseClientMessage('{"type":"ack","version":"1"}')).toEqual({ type: 'ack', version: '1' })
    expect(tail(null)).toEqual({ type: 'tail', filters: null })
    expect(tail(['country:is:DE'])).toEqual({
      ...{ type: 'tail', filters: ['country:is:DE'] },
      statuses: ['accepted', 'quarantined', 'filtered', 'duplicate'],
    })
  })

  it('is of a size that can be attached to a socket, however often it says the same', () => {
    const statuses = Array.from({ length: 1_000 }, () => 'accepted')
    expect(tail([], statuses)).toEqual({ type: 'tail', filters: [], statuses: ['accepted'] })
    const search = new URLSearchParams(statuses.map((status) => ['status', status]))
    expect(readWatchOptions(search, null).watch).toEqual({ filters: [], statuses: ['accepted'] })
  })

  it.each<[string, unknown, unknown, RegExp]>([
    ['a field that there is not', ['contry:is:DE'], [], /^filter "contry:is:DE" .*country/],
    ['no condition', ['country'], [], /^filter "country" /],
    ['too many', Array.from({ length: 11 }, () => 'country:is:DE'), [], /at most 10 filters/],
    ['too long', [`country:is:${'x'.repeat(4_000)}`], [], /4000 characters/],
    ['a status that there is not', [], ['lost'], /^a status must be one of accepted, .*got "lost"$/],
    ['no text', [1], [], /must be JSON/],
    ['no list', 'country:is:DE', [], /must be JSON/],
  ])('is told what is wrong: %s', (_, filters, statuses, problem) => {
    expect(tail(filters, statuses)).toEqual({ problem: expect.stringMatching(problem) })
  })

  it.each([
    ['{'],
    ['null'],
    ['[]'],
    ['{"type":"ack"}'],
    ['{"type":"other"}'],
    [new ArrayBuffer(2)],
    ['x'.repeat(30_000)],
  ])('that is none is told what one is: %s', (text) => {
    expect(parseClientMessage(text)).toEqual({ problem: expect.stringContaining('"type":"tail"') })
  })
})
