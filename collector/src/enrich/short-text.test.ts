import { describe, expect, it } from 'vitest'
import { readShortText } from './short-text.ts'

describe('readShortText', () => {
  it.each([
    ['Berlin', 'Berlin'],
    ['x'.repeat(200), 'x'.repeat(128)],
    ['a\ud800b', 'a\ufffdb'],
    // The cut falls into the middle of a character.
    [`${'x'.repeat(127)}😀`, `${'x'.repeat(127)}\ufffd`],
    ['', undefined],
    [5, undefined],
    [null, undefined],
    [['Berlin'], undefined],
  ])('reads %j', (value, text) => {
    expect(readShortText(value)).toBe(text)
  })

  it('cuts where it is told', () => {
    expect(readShortText('abcdef', 3)).toBe('abc')
  })
})
