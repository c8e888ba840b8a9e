import { describe, expect, it } from 'vitest'
import { createUserAgentMemo } from './user-agent-memo.ts'

function createCountingMemo(maxEntries?: number) {
  const calls: string[] = []
  const read = createUserAgentMemo((userAgent) => {
    calls.push(userAgent)
    return userAgent === 'nothing' ? undefined : userAgent.length
  }, maxEntries)
  return { read, calls }
}

describe('createUserAgentMemo', () => {
  it('reads a user agent once, also when nothing came of it', () => {
    const { read, calls } = createCountingMemo()
    expect([read('abc'), read('abc'), read('nothing'), read('nothing')]).toEqual([3, 3, undefined, undefined])
    expect(calls).toEqual(['abc', 'nothing'])
  })

  it('forgets the oldest when it is full', () => {
    const { read, calls } = createCountingMemo(2)
    for (const userAgent of ['a', 'b', 'a', 'c', 'b', 'a']) read(userAgent)
    expect(calls).toEqual(['a', 'b', 'c', 'a'])
  })

  it('reads the first 1,024 units of a long user agent, once for all that begin so', () => {
    const { read, calls } = createCountingMemo()
    expect(read(`${'x'.repeat(1_024)}y`)).toBe(1_024)
    expect(read('x'.repeat(30_000))).toBe(1_024)
    expect(calls).toHaveLength(1)
  })
})
