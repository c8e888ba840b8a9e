import { describe, expect, it } from 'vitest'
import { checkCorrection, isCorrection } from './corrections.ts'

describe('isCorrection', () => {
  it.each([
    [{ type: 'track', event: '$correct' }, true],
    [{ type: 'track', event: '$retract' }, true],
    [{ type: 'page', event: '$retract' }, false],
    [{ type: 'track', event: 'Retract' }, false],
    [{ type: 'track' }, false],
  ])('%j', (event, expected) => {
    expect(isCorrection(event)).toBe(expected)
  })
})

describe('checkCorrection', () => {
  const good = { messageId: 'm', reason: 'wrong price' }
  const now = Date.parse('2026-11-22T10:00:00Z')
  it.each<[string, unknown, string | undefined]>([
    ['$retract', good, undefined],
    ['$retract', { ...good, reason: ' ' }, 'properties.reason must say why'],
    ['$retract', { reason: 'x' }, 'properties.messageId must be a string'],
    ['$retract', undefined, 'properties.messageId must be a string'],
    ['$correct', { ...good, changes: { properties: { price: 5 } } }, undefined],
    ['$correct', { ...good, changes: { userId: 7 } }, undefined],
    ['$correct', { ...good, changes: {} }, 'properties.changes must name at least one field to replace'],
    [
      '$correct',
      { ...good, changes: { timestamp: 'soon' } },
      'properties.changes.timestamp must be an ISO 8601 time from 1970 on',
    ],
    [
      '$correct',
      { ...good, changes: { timestamp: '1969-12-31' } },
      'properties.changes.timestamp must be an ISO 8601 time from 1970 on',
    ],
    ['$correct', { ...good, changes: { timestamp: '2026-11-23T10:00:00Z' } }, undefined],
    [
      '$correct',
      { ...good, changes: { timestamp: '2026-11-23T10:00:00.001Z' } },
      'properties.changes.timestamp must not lie in the future',
    ],
    [
      '$correct',
      { ...good, changes: { type: 'page' } },
      'properties.changes may hold event, name, category, userId, anonymousId, groupId, timestamp, properties, traits',
    ],
  ])('of %s says what is wrong with %j', (event, properties, message) => {
    expect(checkCorrection(event, properties, now)?.message).toBe(message)
  })
})
