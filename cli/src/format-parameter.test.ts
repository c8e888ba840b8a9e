import { describe, expect, it } from 'vitest'
import { formatParameter } from './format-parameter.ts'

describe('a parameter', () => {
  it.each<[unknown, string]>([
    ['a\tb\\c\nd', 'a\\tb\\\\c\\nd'],
    ["it's", "it's"],
    [12, '12'],
    [["it's", 'a\\b', 'c,]'], "['it\\'s','a\\\\b','c,]']"],
    [[1n, 18446744073709551615n], '[1,18446744073709551615]'],
    [[], '[]'],
    [{ a: "it's", b: 1 }, "{'a':'it\\'s','b':1}"],
    [{}, '{}'],
  ])('%# is written as ClickHouse reads it', (value, text) => {
    expect(formatParameter(value)).toBe(text)
  })
})
