import { describe, expect, it } from 'vitest'
import { createMemo } from './memo.ts'

describe('createMemo', () => {
  it('reads each of the last keys once', () => {
    const memo = createMemo<string | undefined>(2)
    const calls: string[] = []
    const get = (key: string) =>
      memo(key, () => {
        calls.push(key)
        return key === 'none' ? undefined : key.toUpperCase()
      })
    expect(['a', 'none', 'a', 'none'].map(get)).toEqual(['A', undefined, 'A', undefined])
    expect(calls).toEqual(['a', 'none'])
    expect(['b', 'none', 'a'].map(get)).toEqual(['B', undefined, 'A'])
    expect(calls).toEqual(['a', 'none', 'b', 'a'])
  })
})
