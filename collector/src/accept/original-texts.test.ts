import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sliceBatchTexts } from './original-texts.ts'

describe('texts of a batch', () => {
  it.each([
    ['one event', '{"batch":[{"a":1}]}', ['{"a":1}']],
    ['spaces everywhere', ' {\n "batch" :\t[ {"a": 1} , 2 ,\r\n"x" ] } ', ['{"a": 1}', '2', '"x"']],
    ['brackets and quotes in strings', '{"batch":[{"a":"]}\\"[{"},"\\\\"]}', ['{"a":"]}\\"[{"}', '"\\\\"']],
    [
      'numbers that parsing would change',
      '{"batch":[{"a":1e999,"b":12345678901234567890}]}',
      ['{"a":1e999,"b":12345678901234567890}'],
    ],
    ['repeated keys, of which the last counts', '{"batch":[1],"batch":[2,3]}', ['2', '3']],
    ['an escaped key', '{"b\\u0061tch":[true,null]}', ['true', 'null']],
    ['a batch further in', '{"context":{"batch":[9]},"batch":[],"x":{"batch":[8]}}', []],
    ['no batch', '{"context":{"batch":[9]}}', undefined],
    ['a batch that is no array', '{"batch":{"a":[1]}}', undefined],
    ['an empty object', '{}', undefined],
  ])('are those of %s', (_what, text, expected) => {
    expect(sliceBatchTexts(text)).toEqual(expected)
  })

  it('parse to the elements that the whole parses to', () => {
    const spaces = fc.constantFrom(undefined, 1, '\t')
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue()),
        fc.jsonValue(),
        fc.string(),
        spaces,
        (batch, other, key, space) => {
          fc.pre(key !== 'batch' && key !== '__proto__')
          const text = JSON.stringify({ [key]: other, batch, after: other }, null, space)
          expect(sliceBatchTexts(text)?.map((slice) => JSON.parse(slice))).toEqual(JSON.parse(text).batch)
        },
      ),
    )
  })
})
