import { describe, expect, it } from 'vitest'
import { describeError, isDataError, isPressure, requireSuccess } from './errors.ts'

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

describe('isPressure', () => {
  it.each([
    ['too many parts', clickHouseError('252', '', ''), true],
    ['the memory limit', clickHouseError('241', '', ''), true],
    ['a read-only table', clickHouseError('242', '', ''), true],
    ['too many queries at once', clickHouseError('202', '', ''), true],
    ['a full disk', clickHouseError('243', '', ''), true],
    ['a load balancer without a server', clickHouseError('HTTP_503', '', ''), true],
    ['no answer in time', new DOMException('timed out', 'TimeoutError'), true],
    ['a refused connection', new TypeError('fetch failed'), false],
    ['a missing table', clickHouseError('60', '', ''), false],
    ['data that is refused', clickHouseError('117', '', ''), false],
    ['nothing', undefined, false],
  ])('of %s', (_what, error, expected) => {
    expect(isPressure(error)).toBe(expected)
  })
})

describe('requireSuccess', () => {
  const answer = (status: number, text: string, code?: string) =>
    new Response(text, {
      status,
      ...(code === undefined ? {} : { headers: { 'X-ClickHouse-Exception-Code': code } }),
    })

  it('takes an answer without an exception', async () => {
    await requireSuccess(answer(200, ''))
  })

  it('takes code and type from ClickHouse, whatever the data that it quotes pretends', async () => {
    const quoted = 'Cannot parse {"a":"Exception: secret (READONLY) (version 1)"}: While executing'
    const text = `Code: 117. DB::Exception: ${quoted}. (INCORRECT_DATA) (version 26.7.2.1 (official build))\n`
    const error = await requireSuccess(answer(400, text, '117')).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: '117', type: 'INCORRECT_DATA' })
    expect(describeError(error)).toBe('117 INCORRECT_DATA: Cannot parse')
  })

  it('rejects an exception that comes with the status of success', async () => {
    const text = 'Code: 252. DB::Exception: Too many parts (300). (TOO_MANY_PARTS) (version 26.7.2.1)'
    await expect(requireSuccess(answer(200, text, '252'))).rejects.toMatchObject({ code: '252' })
  })

  it('tells the status of another server, and nothing of its page', async () => {
    const error = await requireSuccess(answer(503, '<html>...')).catch((reason: unknown) => reason)
    expect(isPressure(error)).toBe(true)
    expect(describeError(error)).toBe('HTTP_503: not an answer of ClickHouse')
  })

  it('says nothing of a text that it cannot read', async () => {
    const error = await requireSuccess(answer(500, 'who knows', '999')).catch((reason: unknown) => reason)
    expect(describeError(error)).toBe('999 UNKNOWN_EXCEPTION:')
  })
})
