import { describe, expect, it } from 'vitest'
import { describeError, isDataError } from './errors.ts'

const clickHouseError = (code: string, type: string, message: string) =>
  Object.assign(new Error(message), { code, type })

describe('describeError', () => {
  it.each([
    ['Cannot parse JSON object here: {"email":"ada@example.com"}', '117 T: Cannot parse JSON object here:'],
    ["Cannot parse input: expected '\"' before: 'secret'", '117 T: Cannot parse input: expected'],
    ['Memory limit exceeded', '117 T: Memory limit exceeded'],
  ])('says what ClickHouse says, without the data it quotes: %s', (message, expected) => {
    expect(describeError(clickHouseError('117', 'T', message))).toBe(expected)
  })

  it('takes errors of any kind', () => {
    expect(describeError(new TypeError('fetch failed'))).toBe('fetch failed')
    expect(describeError(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))).toBe(
      'ECONNREFUSED: refused',
    )
    expect(describeError('x'.repeat(1_000)).length).toBe(200)
  })
})

describe('isDataError', () => {
  it.each([
    [clickHouseError('27', '', ''), true],
    [clickHouseError('241', '', ''), false],
    [new Error('27'), false],
    [undefined, false],
  ])('%#', (error, expected) => {
    expect(isDataError(error)).toBe(expected)
  })
})
