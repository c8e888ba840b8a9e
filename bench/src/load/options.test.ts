import { expect, test } from 'vitest'
import { isWhole, parseLoadOptions } from './options.ts'

const NONE = { minutes: undefined, clients: undefined, rate: undefined }

test('without options it is the whole measurement', () => {
  const options = parseLoadOptions(NONE)
  expect(options).toEqual({ minutes: 15, clients: 2_000 })
  expect(isWhole(options)).toBe(true)
})

test.each([{ minutes: '2' }, { clients: '100' }, { rate: '500' }])('with %j it is not', (texts) => {
  expect(isWhole(parseLoadOptions({ ...NONE, ...texts }))).toBe(false)
})

test.each([{ minutes: '0' }, { minutes: 'x' }, { rate: '-1' }, { clients: 'Infinity' }])(
  '%j is refused',
  (texts) => {
    expect(() => parseLoadOptions({ ...NONE, ...texts })).toThrow(RangeError)
  },
)
