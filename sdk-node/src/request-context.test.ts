import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createRequestContext } from './request-context.ts'

describe('a request context', () => {
  it('is empty outside of a run, and gives what the callback returns', () => {
    const { run, current } = createRequestContext()
    expect(current()).toBeUndefined()
    expect(run({ userId: 'u1' }, () => 7)).toBe(7)
    expect(current()).toBeUndefined()
  })

  it('follows a request across awaits, apart from others', async () => {
    const { run, current } = createRequestContext()
    const seen = await Promise.all(
      ['u1', 'u2', 'u3'].map((userId) =>
        run({ userId }, async () => {
          await turn()
          return current()?.userId
        }),
      ),
    )
    expect(seen).toEqual(['u1', 'u2', 'u3'])
  })

  it('merges a nested run over the one around, context by its keys', () => {
    const { run, current } = createRequestContext()
    run({ anonymousId: 'a', userId: 'u1', context: { ip: '192.0.2.1', locale: 'en' } }, () => {
      run({ userId: 'u2', anonymousId: undefined, context: { locale: 'de' } }, () => {
        const merged = { anonymousId: 'a', userId: 'u2', context: { ip: '192.0.2.1', locale: 'de' } }
        expect(current()).toEqual(merged)
      })
      expect(current()).toEqual({
        anonymousId: 'a',
        userId: 'u1',
        context: { ip: '192.0.2.1', locale: 'en' },
      })
    })
  })

  it('is not shared with another', () => {
    const [one, other] = [createRequestContext(), createRequestContext()]
    one.run({ userId: 'u1' }, () => expect(other.current()).toBeUndefined())
  })
})
