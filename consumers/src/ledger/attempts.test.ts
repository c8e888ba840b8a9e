import { describe, expect, it } from 'vitest'
import { createAttempts } from './attempts.ts'

const fail = (message: string) => () => Promise.reject(new Error(message))

describe('attempts', () => {
  it('go on after a failure, and give what each gives', async () => {
    const { attempt, end } = createAttempts()
    expect(await attempt(fail('one'))).toBe(undefined)
    expect(await attempt(async () => 2)).toBe(2)
    expect(end).toThrow(new Error('one'))
  })

  it('leave no failure unheard, and say none twice', async () => {
    const { attempt, end } = createAttempts()
    for (const message of ['one', 'two', 'one']) await attempt(fail(message))
    expect(end).toThrow('Error: one; Error: two')
  })

  it('end well where nothing failed', () => {
    expect(createAttempts().end).not.toThrow()
  })
})
