import { forgottenHash } from '@millrace/schemas/erase'
import { describe, expect, it } from 'vitest'
import { createForgottenTest } from './forgotten.ts'

const isForgotten = createForgottenTest(
  new Set([
    await forgottenHash('user', 'u1'),
    await forgottenHash('anonymous', 'a1'),
    await forgottenHash('message', 'm1'),
  ]),
)

const row = { message_id: 'm', user_id: '', anonymous_id: '', previous_id: '', event: 'x', properties: '{}' }
const correction = (changes: object) => ({
  event: '$correct',
  properties: JSON.stringify({ messageId: 'x', changes }),
})

describe('a row', () => {
  it.each<[string, object]>([
    ['user', { user_id: 'u1' }],
    ['visitor', { anonymous_id: 'a1' }],
    ['alias of the user', { previous_id: 'u1' }],
    ['alias of the visitor', { previous_id: 'a1' }],
    ['message', { message_id: 'm1' }],
    ['correction to be the user', correction({ userId: 'u1' })],
    ['correction to be the visitor', correction({ anonymousId: 'a1' })],
    [
      'correction whose properties are an object',
      { event: '$correct', properties: { changes: { userId: 'u1' } } },
    ],
  ])('is forgotten by its %s', (_, more) => {
    // Twice, because ids are remembered.
    expect([isForgotten({ ...row, ...more }), isForgotten({ ...row, ...more })]).toEqual([true, true])
  })

  it.each<[string, object]>([
    ['another user', { user_id: 'u2' }],
    ['a visitor with the text of the user', { anonymous_id: 'u1' }],
    ['a user with the text of the visitor', { user_id: 'a1' }],
    ['another event that has changes', { properties: '{"changes":{"userId":"u1"}}' }],
    ['a correction of something else', correction({ name: 'u1' })],
    ['a correction without changes', { event: '$correct', properties: '{}' }],
  ])('stays with %s', (_, more) => {
    expect(isForgotten({ ...row, ...more })).toBe(false)
  })
})

it('nobody is forgotten where the list is empty', () => {
  expect(createForgottenTest(new Set())({ ...row, user_id: 'u1' })).toBe(false)
})
